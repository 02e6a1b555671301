"""Uploads by tus against a real server: the protocol, and everything that goes wrong on the way."""

from __future__ import annotations

import base64
import hashlib
import socket
import threading
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from webapp.datasets import parts
from webapp.datasets.models import Dataset, Upload
from webapp.datasets.tus import request as tus_request

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/api/v1/uploads"


def encoded(text: str | bytes) -> str:
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


class Client:
    """A tus client of somebody."""

    def __init__(self, server, token: str) -> None:
        self.server = server
        self.token = token

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str):
        given = {"Tus-Resumable": "1.0.0"} | {name.replace("_", "-"): value for name, value in headers.items()}
        return self.server.request(method, path, token=self.token, body=body, headers=given)

    def create(self, length: int, filename: str = "text.txt") -> str:
        metadata = f"filename {encoded(filename)},filetype {encoded('text/plain')}"
        answer = self.ask("POST", PATH, Upload_Length=str(length), Upload_Metadata=metadata)
        assert answer.status == 201, answer.body
        assert answer.headers["location"].startswith(self.server.url + PATH)
        return PATH + "/" + answer.headers["location"].rpartition("/")[2]

    def patch(self, path: str, offset: int, body: bytes, **headers: str):
        return self.ask(
            "PATCH", path, body, Upload_Offset=str(offset), Content_Type="application/offset+octet-stream", **headers
        )

    def offset(self, path: str) -> int:
        answer = self.ask("HEAD", path)
        assert answer.status == 200
        assert answer.headers["cache-control"] == "no-store"
        return int(answer.headers["upload-offset"])


@pytest.fixture
def client(server, alice, token):
    return Client(server, token(alice))


def stored(path: str) -> bytes:
    return parts.path_of(path.rpartition("/")[2]).read_bytes()


def test_options_tell_what_the_server_can(server, settings):
    answer = server.request("OPTIONS", PATH)
    assert answer.status == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert set(answer.headers["tus-extension"].split(",")) >= {"creation", "termination", "expiration", "checksum"}
    assert answer.headers["tus-max-size"] == str(settings.MAX_UPLOAD_BYTES)
    assert "sha1" in answer.headers["tus-checksum-algorithm"].split(",")


def test_a_file_in_pieces_becomes_a_dataset(client):
    path = client.create(11, "Zwölf Bären.txt")
    assert client.offset(path) == 0
    first = client.patch(path, 0, b"hello ")
    assert (first.status, first.headers["upload-offset"]) == (204, "6")
    assert "upload-expires" in first.headers
    assert client.ask("GET", path).json() == {
        "id": path.rpartition("/")[2], "offset": 6, "length": 11, "dataset_id": None,
        "version": None, "error": None}  # fmt: skip
    assert client.patch(path, 6, b"world").headers["upload-offset"] == "11"
    told = client.ask("GET", path).json()
    dataset = Dataset.objects.get(id=told["dataset_id"])
    assert (dataset.name, dataset.version.status, dataset.version.bytes) == ("Zwölf Bären.txt", "processing", 11)
    assert stored(path) == b"hello world"
    assert client.offset(path) == 11
    assert client.patch(path, 11, b"").status == 409


def test_what_is_wrong_with_the_file_is_told_with_the_upload(client):
    path = client.create(1)
    client.patch(path, 0, b"a")
    Dataset.objects.get().versions.update(status="failed", error={"message": "The file is binary."})
    assert client.ask("GET", path).json()["error"] == "The file is binary."


def test_creation_with_the_bytes_and_an_empty_file(client):
    answer = client.ask(
        "POST", PATH, b"hi", Upload_Length="2", Content_Type="application/offset+octet-stream",
        Upload_Metadata=f"filename {encoded('a.txt')}",
    )  # fmt: skip
    assert (answer.status, answer.headers["upload-offset"]) == (201, "2")
    empty = client.create(0)
    assert client.ask("GET", empty).json()["dataset_id"] is not None


def send_raw(client: Client, path: str, offset: int, announced: int, body: bytes) -> socket.socket:
    """The beginning of a PATCH whose rest never comes."""
    connection = socket.create_connection(("127.0.0.1", client.server.port))
    head = (
        f"PATCH {path} HTTP/1.1\r\nHost: {client.server.host}\r\nAuthorization: Bearer {client.token}\r\n"
        f"Tus-Resumable: 1.0.0\r\nUpload-Offset: {offset}\r\nContent-Length: {announced}\r\n"
        "Content-Type: application/offset+octet-stream\r\n\r\n"
    )
    connection.sendall(head.encode() + body)
    return connection


def wait_until(true) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_bytes_are_written_as_they_arrive_and_kept_when_the_line_is_cut(client):
    path = client.create(1_000_000)
    connection = send_raw(client, path, 0, 1_000_000, b"a" * 300_000)
    wait_until(lambda: client.offset(path) == 300_000)
    connection.close()
    wait_until(lambda: client.patch(path, 300_000, b"b" * 700_000).status == 204)
    assert stored(path) == b"a" * 300_000 + b"b" * 700_000


def test_two_windows_at_once_damage_nothing(client):
    path = client.create(1_000)
    first = send_raw(client, path, 0, 1_000, b"a" * 100)
    wait_until(lambda: client.offset(path) == 100)
    second = client.patch(path, 100, b"b" * 900)
    assert second.status == 423
    assert second.headers["content-type"] == "application/problem+json"
    assert client.ask("DELETE", path).status == 423
    first.sendall(b"a" * 900)
    assert b"204" in first.recv(100)
    first.close()
    assert stored(path) == b"a" * 1_000


def test_a_silent_connection_gives_up_its_lock(client, monkeypatch):
    monkeypatch.setattr(tus_request, "SILENCE", 0.2)
    path = client.create(10)
    dead = send_raw(client, path, 0, 10, b"aaa")
    wait_until(lambda: client.offset(path) == 3)
    wait_until(lambda: client.patch(path, 3, b"bbbbbbb").status == 204)
    assert b" 408 " in dead.recv(100)
    dead.close()
    assert stored(path) == b"aaabbbbbbb"


def test_many_who_write_at_once_write_it_once(client):
    path = client.create(200_000)
    bodies = [bytes([letter]) * 200_000 for letter in b"abcdef"]
    answers: list[int] = []
    threads = [threading.Thread(target=lambda b=b: answers.append(client.patch(path, 0, b).status)) for b in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(204) == 1
    assert set(answers) <= {204, 409, 423}
    assert stored(path) in bodies
    assert Dataset.objects.count() == 1


def test_a_wrong_offset_is_409(client):
    path = client.create(10)
    client.patch(path, 0, b"aaa")
    for offset in (0, 2, 4, 10):
        assert client.patch(path, offset, b"b").status == 409
    assert stored(path) == b"aaa"


def test_a_right_checksum_is_taken_a_wrong_one_taken_back(client):
    path = client.create(6)
    for name in ("sha1", "sha256", "md5"):
        digest = hashlib.new(name, b"ab").digest()
        begin = client.offset(path)
        assert client.patch(path, begin, b"xb", Upload_Checksum=f"{name} {encoded(digest)}").status == 460
        assert client.offset(path) == begin
        assert client.patch(path, begin, b"ab", Upload_Checksum=f"{name} {encoded(digest)}").status == 204
    assert stored(path) == b"ababab"
    other = client.create(2)
    for bad in ("crc32 AAAA", "sha1", "sha1 not-base64!"):
        assert client.patch(other, 0, b"ab", Upload_Checksum=bad).status in (400, 460)
    assert client.offset(other) == 0


def test_a_cut_request_with_a_checksum_is_taken_back(client):
    path = client.create(10)
    connection = socket.create_connection(("127.0.0.1", client.server.port))
    connection.sendall((
        f"PATCH {path} HTTP/1.1\r\nHost: {client.server.host}\r\nAuthorization: Bearer {client.token}\r\n"
        f"Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Length: 10\r\n"
        f"Upload-Checksum: sha1 {encoded(b'x' * 20)}\r\n"
        "Content-Type: application/offset+octet-stream\r\n\r\naaaa"
    ).encode())  # fmt: skip
    wait_until(lambda: client.offset(path) == 4)
    connection.close()
    wait_until(lambda: client.offset(path) == 0)


def test_a_length_that_lies_is_refused_and_nothing_is_kept_of_it(client):
    path = client.create(5)
    client.patch(path, 0, b"ab")
    assert client.patch(path, 2, b"cdef").status == 413
    connection = socket.create_connection(("127.0.0.1", client.server.port))
    connection.sendall((
        f"PATCH {path} HTTP/1.1\r\nHost: {client.server.host}\r\nAuthorization: Bearer {client.token}\r\n"
        "Tus-Resumable: 1.0.0\r\nUpload-Offset: 2\r\nTransfer-Encoding: chunked\r\n"
        "Content-Type: application/offset+octet-stream\r\n\r\n2\r\ncd\r\n2\r\nef\r\n0\r\n\r\n"
    ).encode())  # fmt: skip
    assert b" 413 " in connection.recv(200)
    connection.close()
    assert stored(path) == b"ab"
    assert client.patch(path, 2, b"cde").status == 204


@pytest.mark.parametrize("length", ["", "-1", "1.5", "many", "99999999999999999999999"])
def test_a_length_that_is_none_is_400(client, length):
    assert client.ask("POST", PATH, Upload_Length=length).status == 400
    assert client.ask("POST", PATH).status == 400


def test_what_is_too_large_or_would_not_fit_is_refused_before_the_first_byte(client, settings, monkeypatch):
    settings.MAX_UPLOAD_BYTES = 1000
    answer = client.ask("POST", PATH, Upload_Length="1001")
    assert (answer.status, answer.json()["status"]) == (413, 413)
    monkeypatch.setattr(parts, "free_bytes", lambda: 900)
    answer = client.ask("POST", PATH, Upload_Length="950")
    assert answer.status == 507
    assert "950 bytes" in answer.json()["detail"]
    client.create(600)
    assert client.ask("POST", PATH, Upload_Length="400").status == 507, "what others have begun is counted"
    assert Upload.objects.count() == 1


def test_a_disk_that_fills_up_keeps_what_came(client, monkeypatch):
    path = client.create(6)
    client.patch(path, 0, b"ab")

    def full(descriptor: int, block: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(parts, "write", full)
        assert client.patch(path, 2, b"cdef").status == 507
    assert client.patch(path, 2, b"cdef").status == 204


@pytest.mark.parametrize(("filename", "shown"), [
    ("../../../etc/passwd", "passwd"), ("a\x00b.txt", "ab.txt"), ("🦊 <b>fox</b>.txt", "b>.txt"), ("..", "untitled"),
    ("C:\\texts\\wolf.txt", "wolf.txt"), ("\u202etxt.exe", "txt.exe"), ("🦊<i>.txt", "🦊<i>.txt"),
])  # fmt: skip
def test_a_file_name_is_shown_and_never_a_path(client, filename, shown, settings):
    path = client.create(1, filename)
    assert client.patch(path, 0, b"a").status == 204
    dataset = Dataset.objects.get()
    assert (dataset.name, dataset.version.filename) == (shown, shown)
    assert (settings.DATA / dataset.version.source).parent == settings.DATA / "uploads"


def test_a_very_long_name_fits_the_file_system(client):
    answer = client.ask("POST", PATH, Upload_Length="1", Upload_Metadata=f"filename {encoded('ä' * 900 + '.txt')}")
    assert answer.status == 201
    name = Upload.objects.get().filename
    assert name.endswith("ä.txt")
    assert len(name.encode()) <= 200
    assert client.ask("POST", PATH, Upload_Length="1", Upload_Metadata=f"filename {encoded('a' * 9000)}").status == 400
    assert client.ask("POST", PATH, Upload_Length="1", Upload_Metadata="filename ???").status == 400


def test_an_upload_that_is_taken_back_is_gone(client):
    path = client.create(5)
    client.patch(path, 0, b"ab")
    assert client.ask("DELETE", path).status == 204
    assert not parts.path_of(path.rpartition("/")[2]).exists()
    for method in ("HEAD", "GET", "DELETE"):
        assert client.ask(method, path).status == 404
    assert client.patch(path, 2, b"cde").status == 404


def test_an_expired_upload_is_gone_and_its_bytes_with_the_next_one(client):
    path = client.create(5)
    client.patch(path, 0, b"ab")
    done = client.create(1)
    client.patch(done, 0, b"a")
    Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert client.ask("HEAD", path).status == 410
    assert client.patch(path, 2, b"cde").status == 410
    client.create(1)
    assert not parts.path_of(path.rpartition("/")[2]).exists()
    assert client.ask("HEAD", path).status == 404
    assert parts.path_of(done.rpartition("/")[2]).exists(), "a finished one is the readers' now"


def test_a_server_that_died_after_the_last_byte_is_made_good(client):
    path = client.create(5)
    parts.path_of(path.rpartition("/")[2]).write_bytes(b"abcde")
    assert client.offset(path) == 5
    assert client.ask("GET", path).json()["dataset_id"] == Dataset.objects.get().id


def test_a_restarted_server_goes_on(client):
    from tests.webapp.conftest import Server

    path = client.create(5)
    client.patch(path, 0, b"ab")
    client.server.stop()
    client.server = Server()
    client.server.start()
    assert client.offset(path) == 2
    assert client.patch(path, 2, b"cde").status == 204
    client.server.stop()
    assert stored(path) == b"abcde"


def test_owner_team_mate_outsider_and_nobody(client, server, bob, charlie, token):
    from webapp.teams.models import Membership

    path = client.create(5)
    nobody = server.request("GET", path)
    assert nobody.status == 401
    assert nobody.headers["www-authenticate"] == "Bearer"
    assert server.request("POST", PATH, headers={"Tus-Resumable": "1.0.0", "Upload-Length": "1"}).status == 401
    outsider, mate = Client(server, token(charlie)), Client(server, token(bob))
    for method in ("HEAD", "GET", "DELETE"):
        assert outsider.ask(method, path).status == 404
    assert outsider.patch(path, 0, b"ab").status == 404
    assert mate.patch(path, 0, b"ab").status == 204, "an editor of the team may go on with it"
    team = Upload.objects.get().team_id
    Membership.objects.filter(user=bob, team=team).update(role="viewer")
    assert mate.offset(path) == 2
    assert mate.patch(path, 2, b"ab").status == 403
    assert mate.ask("DELETE", path).status == 403
    into = {"Upload_Metadata": f"filename {encoded('a')},team_id {encoded(team)}"}
    assert mate.ask("POST", PATH, Upload_Length="1", **into).status == 403
    nowhere = outsider.ask("POST", PATH, Upload_Length="1", **into)
    assert (nowhere.status, nowhere.json()["detail"]) == (404, "There is no such team.")


def test_a_session_counts_only_from_our_own_pages(server, alice):
    import django.test

    browser = django.test.Client()
    browser.force_login(alice)
    session = browser.cookies["sessionid"].value
    cookie = {"Cookie": f"sessionid={session}", "Tus-Resumable": "1.0.0", "Upload-Length": "1"}
    for origin, status in (
        ({}, 403), ({"Origin": "https://evil.example"}, 403), ({"Origin": "null"}, 403), ({"Origin": server.url}, 201)
    ):  # fmt: skip
        assert server.request("POST", PATH, headers=cookie | origin).status == status, origin
    assert server.request("GET", f"{PATH}/{Upload.objects.get().id}", headers=cookie).status == 200
    alice.set_password("another one")
    alice.save()
    assert server.request("GET", f"{PATH}/{Upload.objects.get().id}", headers=cookie).status == 401


def test_the_protocol_is_kept(client, server, token, alice):
    path = client.create(5)
    answer = server.request("HEAD", path, token=client.token)
    assert (answer.status, answer.headers["tus-version"]) == (412, "1.0.0")
    assert client.ask("PATCH", path, b"a", Upload_Offset="0", Content_Type="text/plain").status == 415
    body_type = "application/offset+octet-stream"
    assert client.ask("PATCH", path, b"a", Content_Type=body_type).status == 400
    assert client.ask("PUT", path).status == 405
    assert client.ask("GET", PATH).status == 405
    override = client.ask(
        "POST", path, b"ab", X_HTTP_Method_Override="PATCH", Upload_Offset="0", Content_Type=body_type)  # fmt: skip
    assert override.status == 204
    assert client.offset(path) == 2
    assert client.ask("HEAD", path, Host="evil.example").status == 400


def test_what_nobody_foresaw_is_a_problem_without_its_words(client, monkeypatch):
    def broken(**given: object):
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr("webapp.datasets.services.create_upload", broken)
    answer = client.ask("POST", PATH, Upload_Length="1")
    assert (answer.status, answer.headers["content-type"]) == (500, "application/problem+json")
    assert b"secret" not in answer.body
