// Builds webapp/static/dist: one stylesheet, and one script for each file in ts/pages. `--watch` builds again on change.
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const pages = readdirSync(join(here, "ts/pages")).filter((name) => name.endsWith(".ts"));
const options = {
  entryPoints: [...pages.map((name) => join(here, "ts/pages", name)), join(here, "css/app.css")],
  entryNames: "[name]",
  outdir: join(here, "../static/dist"),
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  sourcemap: true,
  logLevel: "info",
};

if (process.argv.includes("--watch")) {
  await (await esbuild.context(options)).watch();
} else {
  await esbuild.build(options);
}
