from webapp.pages.templatetags.charts import sparkline


def test_a_sparkline_runs_from_corner_to_corner():
    drawn = sparkline([[0, 4.0], [50, 2.0], [100, 1.0]])
    assert 'd="M0.0 1.0L60.0 18.3L120.0 27.0"' in drawn
    assert "from 4.00 to 1.00" in drawn


def test_points_without_a_number_are_left_out():
    assert "from 4.00 to 3.00" in sparkline([[0, 4.0], [1, None], [2, 3.0]])


def test_one_point_is_no_line():
    assert sparkline([[0, 4.0]]) == ""
    assert sparkline([]) == ""


def test_a_level_line_divides_by_nothing():
    assert "<path" in sparkline([[3, 2.0], [3, 2.0]])


def test_its_label_is_escaped():
    assert "<b>" not in sparkline([[0, 4.0], [1, 3.0]], "<b>")
