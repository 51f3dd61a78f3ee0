// Generates the TypeScript clients of all services: `node generate.mjs FOLDER`, where FOLDER has
// the OpenAPI documents. Writes fetch/ (openapi-typescript) and sdk/ (@hey-api/openapi-ts).

import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "@hey-api/openapi-ts";
import openapiTS, { astToString } from "openapi-typescript";
import ts from "typescript";

const folder = process.argv[2];
const files = (await readdir(folder)).filter((file) => file.endsWith(".json"));
const services = files.map((file) => file.replace(/\.json$/, ""));

// openapi-typescript takes bytes for strings unless told otherwise.
const bytes = ts.factory.createTypeReferenceNode("Blob");
const transform = (schema) => (schema.format === "binary" ? bytes : undefined);
await mkdir("fetch", { recursive: true });
for (const service of services) {
  const document = JSON.parse(await readFile(join(folder, `${service}.json`), "utf8"));
  await writeFile(`fetch/${service}.d.ts`, astToString(await openapiTS(document, { transform })));
}

await createClient(
  services.map((service) => ({
    input: join(folder, `${service}.json`),
    output: { path: `sdk/${service}`, module: { extension: ".js" } },
    plugins: ["@hey-api/client-fetch"],
    logs: { level: "warn", file: false },
  })),
);
