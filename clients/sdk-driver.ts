// Carries a dossier from upload to rating with the clients that @hey-api/openapi-ts generates.

import { rateDossier } from "./sdk/feedback/index.js";
import { createClient, type Client } from "./sdk/intake/client/index.js";
import { acceptDossier, getDossier, submitDossier, uploadDocument } from "./sdk/intake/index.js";
import { getPayment, startPayment, takeNotice } from "./sdk/payment/index.js";
import { getLookup } from "./sdk/register/index.js";
import {
  downloadResult,
  getDelivery,
  getResultDocument,
  issueResult,
} from "./sdk/result-delivery/index.js";
import {
  approveDecision,
  claimReview,
  completeActivity,
  getReview,
  proposeDecision,
} from "./sdk/review/index.js";
import { AGENCY, COMPONENTS, FORM, SERVER, check, key, pdf, token } from "./world.js";

let seen: string | null = null;

/** A client of one person, for all services. */
function person(role: string, subject: string, agency?: string): Client {
  const bearer = token(role, subject, agency);
  const headers = { "Accept-Language": "en" };
  const client = createClient({ baseUrl: SERVER, auth: bearer, headers, throwOnError: true });
  client.interceptors.request.use((request) => {
    if (seen !== null) request.headers.set("Consistency-Token", seen);
    return request;
  });
  client.interceptors.response.use((response) => {
    console.log(response.status, response.url);
    seen = response.headers.get("Consistency-Token") ?? seen;
    return response;
  });
  return client;
}

/** Headers of a step on what was read: `If-Match` with its version. */
function after(read: { response: Response }) {
  const etag = read.response.headers.get("ETag");
  check(etag !== null, `no ETag: ${read.response.url}`);
  return { "If-Match": etag, "Idempotency-Key": key() };
}

/** A new request on nothing that exists. */
const once = () => ({ "Idempotency-Key": key() });

async function uploaded(client: Client, text: string): Promise<string> {
  const { data } = await uploadDocument({
    client,
    throwOnError: true,
    headers: once(),
    body: pdf(text),
  });
  return data.document;
}

const applicant = person("applicant", "exporter-3");
const clerk = person("clerk", "clerk-1", AGENCY);
const reviewer = person("reviewer", "reviewer-1", AGENCY);
const approver = person("approver", "approver-1", AGENCY);
const provider = person("payment_provider", "sandbox");
// A refusal is thrown.
const by = (client: Client) => ({ client, throwOnError: true }) as const;

// 1. Upload and submission.
const documents = [];
for (const component of COMPONENTS) {
  const document = await uploaded(applicant, component);
  documents.push({ component, file_name: `${component}.pdf`, document });
}
const { data: submitted } = await submitDossier({
  ...by(applicant),
  headers: once(),
  body: {
    procedure: "CO.D",
    agency: AGENCY,
    channel: "online",
    form: FORM,
    documents,
    delivery: { channel: "download" },
  },
});
const path = { dossier: submitted.id };

// 2. Payment.
const owed = await getPayment({ ...by(applicant), path });
const { data: attempted } = await startPayment({
  ...by(applicant),
  path,
  headers: after(owed),
  body: { provider: "sandbox" },
});
const attempt = attempted.attempts.at(-1);
check(attempt !== undefined, "no attempt");
await takeNotice({
  ...by(provider),
  headers: once(),
  body: {
    provider: "sandbox",
    event: `capture-${attempt.payment}`,
    reference: attempt.reference,
    kind: "captured",
    amount_vnd: attempt.amount_vnd,
  },
});
const { data: paid } = await getPayment({ ...by(applicant), path });
check(paid.outstanding_vnd === 0, `${paid.outstanding_vnd} is owed`);

// 3. Acceptance and review.
const filed = await getDossier({ ...by(clerk), path });
await acceptDossier({ ...by(clerk), path, headers: after(filed), body: {} });
const opened = await getReview({ ...by(reviewer), path });
await claimReview({ ...by(reviewer), path, headers: after(opened), body: {} });
for (;;) {
  const now = await getReview({ ...by(reviewer), path });
  const { activity } = now.data;
  if (activity === undefined || activity === null) break;
  await completeActivity({ ...by(reviewer), path, headers: after(now), body: { activity } });
}

// 4. Proposal and decision.
const examined = await getReview({ ...by(reviewer), path });
const { data: proposed } = await proposeDecision({
  ...by(reviewer),
  path,
  headers: after(examined),
  body: { outcome: "approved", reason: "complete" },
});
check(proposed.proposal !== undefined && proposed.proposal !== null, "no proposal");
const { proposal } = proposed.proposal;
const awaited = await getReview({ ...by(approver), path });
await approveDecision({ ...by(approver), path, headers: after(awaited), body: { proposal } });

// 5. Result and delivery.
const document = await uploaded(approver, "the signed certificate");
const prepared = await getDelivery({ ...by(approver), path });
await issueResult({ ...by(approver), path, headers: after(prepared), body: { document } });
const issued = await getDelivery({ ...by(applicant), path });
const { data: delivered } = await downloadResult({
  ...by(applicant),
  path,
  headers: after(issued),
  body: {},
});
check(delivered.stage === "delivered", delivered.stage);
const { data: result } = await getResultDocument({ ...by(applicant), path });
check((await result.text()).includes("the signed certificate"), "another document");

// 6. Rating, and the public look-up.
await rateDossier({ ...by(applicant), path, headers: once(), body: { score: 5 } });
const { data: found } = await getLookup({ ...by(applicant), path: { code: submitted.code } });
check(found.code === submitted.code, "another dossier");
