// What both drivers need: people with tokens, and the dossier that they carry.

import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";

export const SERVER = process.env["U"] ?? "http://127.0.0.1:8080";
const PROGRAM = process.env["D"] ?? "target/debug/dossier";
export const AGENCY = "G02.001";

/** A token, signed with the development key of DOSSIER_DATA. */
export function token(role: string, subject: string, agency?: string): string {
  const where = agency === undefined ? [] : ["--agency", agency];
  const arguments_ = ["token", "--role", role, "--subject", subject, ...where];
  return execFileSync(PROGRAM, arguments_, { encoding: "utf8" }).trim();
}

/** A new key for a new intention. */
export const key = (): string => randomUUID();

/** A small PDF. */
export const pdf = (text: string): Blob =>
  new Blob([`%PDF-1.7 ${text}`], { type: "application/pdf" });

/** The form of CO.D, a certificate of origin. */
export const FORM = {
  exporter: { name: "Sao Mai", tax_code: "0101234565", address: "54 Hai Bà Trưng" },
  consignee: "ACME Bangkok",
  destination: "TH",
  invoice: "INV-1",
  goods: [{ description: "lamp", hs: "940510", origin_criterion: "CTC", quantity: "10" }],
};
export const COMPONENTS = ["application", "export_declaration", "invoice"];

/** Fails with `message` unless `condition` is true. */
export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}
