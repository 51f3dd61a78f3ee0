// Carries a dossier from upload to rating with types of openapi-typescript and openapi-fetch.

import createClient, { type Middleware } from "openapi-fetch";

import type { paths as feedback } from "./fetch/feedback.js";
import type { paths as intake } from "./fetch/intake.js";
import type { paths as payment } from "./fetch/payment.js";
import type { paths as process_ } from "./fetch/process.js";
import type { paths as register } from "./fetch/register.js";
import type { paths as delivery } from "./fetch/result-delivery.js";
import type { paths as review } from "./fetch/review.js";
import { AGENCY, COMPONENTS, FORM, SERVER, check, key, pdf, token } from "./world.js";

type Paths = feedback & intake & payment & process_ & register & delivery & review;

let seen: string | undefined;
const consistent: Middleware = {
  onRequest({ request }) {
    if (seen !== undefined) request.headers.set("Consistency-Token", seen);
  },
  onResponse({ response }) {
    seen = response.headers.get("Consistency-Token") ?? seen;
  },
};

function person(role: string, subject: string, agency?: string) {
  const headers = { Authorization: `Bearer ${token(role, subject, agency)}`, "Accept-Language": "en" };
  const client = createClient<Paths>({ baseUrl: SERVER, headers });
  client.use(consistent);
  return client;
}
type Person = ReturnType<typeof person>;

/** The reply; a refusal ends the drive. */
function replied<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  const { data, error, response } = answer;
  if (data === undefined) throw new Error(`${response.status} ${response.url}: ${JSON.stringify(error)}`);
  console.log(response.status, response.url);
  return data;
}

/** Headers of a step on what was read: `If-Match` with its version. */
function after(read: { response: Response }) {
  const etag = read.response.headers.get("ETag");
  check(etag !== null, `no ETag: ${read.response.url}`);
  return { "If-Match": etag, "Idempotency-Key": key() };
}

async function uploaded(by: Person, text: string): Promise<string> {
  const answer = await by.POST("/v1/documents", {
    params: { header: { "Idempotency-Key": key() } },
    headers: { "Content-Type": "application/pdf" },
    body: pdf(text),
    bodySerializer: (body) => body,
  });
  const reply = replied(answer);
  // The address of the upload answers with its description.
  check(answer.response.headers.get("Location") !== null, "an upload has no address");
  return reply.document;
}

const applicant = person("applicant", "exporter-2");
const clerk = person("clerk", "clerk-1", AGENCY);
const reviewer = person("reviewer", "reviewer-1", AGENCY);
const approver = person("approver", "approver-1", AGENCY);
const provider = person("payment_provider", "sandbox");

// 1. Upload and submission.
const documents = [];
for (const component of COMPONENTS) {
  const document = await uploaded(applicant, component);
  documents.push({ component, file_name: `${component}.pdf`, document });
}
const submitted = replied(
  await applicant.POST("/v1/dossiers", {
    params: { header: { "Idempotency-Key": key() } },
    body: {
      procedure: "CO.D",
      agency: AGENCY,
      channel: "online",
      form: FORM,
      documents,
      delivery: { channel: "download" },
    },
  }),
);
const at = { path: { dossier: submitted.id } };

// 2. Payment.
const owed = await applicant.GET("/v1/payments/{dossier}", { params: at });
check(replied(owed).outstanding_vnd > 0, "CO.D has a fee");
const attempted = replied(
  await applicant.POST("/v1/payments/{dossier}/attempts", {
    params: { ...at, header: after(owed) },
    body: { provider: "sandbox" },
  }),
);
const attempt = attempted.attempts.at(-1);
check(attempt !== undefined, "no attempt");
replied(
  await provider.POST("/v1/payment-notices", {
    params: { header: { "Idempotency-Key": key() } },
    body: {
      provider: "sandbox",
      event: `capture-${attempt.payment}`,
      reference: attempt.reference,
      kind: "captured",
      amount_vnd: attempt.amount_vnd,
    },
  }),
);
const paid = replied(await applicant.GET("/v1/payments/{dossier}", { params: at }));
check(paid.outstanding_vnd === 0, `${paid.outstanding_vnd} is owed`);

// 3. Acceptance and review.
const filed = await clerk.GET("/v1/dossiers/{dossier}", { params: at });
replied(
  await clerk.POST("/v1/dossiers/{dossier}/acceptance", {
    params: { ...at, header: after(filed) },
    body: {},
  }),
);
const opened = await reviewer.GET("/v1/reviews/{dossier}", { params: at });
replied(
  await reviewer.POST("/v1/reviews/{dossier}/claim", {
    params: { ...at, header: after(opened) },
    body: {},
  }),
);
for (;;) {
  const now = await reviewer.GET("/v1/reviews/{dossier}", { params: at });
  const { activity } = replied(now);
  if (activity === undefined || activity === null) break;
  replied(
    await reviewer.POST("/v1/reviews/{dossier}/activities", {
      params: { ...at, header: after(now) },
      body: { activity },
    }),
  );
}

// 4. Proposal and decision.
const examined = await reviewer.GET("/v1/reviews/{dossier}", { params: at });
const { proposal } = replied(
  await reviewer.POST("/v1/reviews/{dossier}/decision-proposals", {
    params: { ...at, header: after(examined) },
    body: { outcome: "approved", reason: "complete" },
  }),
);
check(proposal !== undefined && proposal !== null, "no proposal");
const proposed = await approver.GET("/v1/reviews/{dossier}", { params: at });
replied(
  await approver.POST("/v1/reviews/{dossier}/decision", {
    params: { ...at, header: after(proposed) },
    body: { proposal: proposal.proposal },
  }),
);

// 5. Result and delivery.
const document = await uploaded(approver, "the signed certificate");
const prepared = await approver.GET("/v1/deliveries/{dossier}", { params: at });
replied(
  await approver.POST("/v1/deliveries/{dossier}/result", {
    params: { ...at, header: after(prepared) },
    body: { document },
  }),
);
const issued = await applicant.GET("/v1/deliveries/{dossier}", { params: at });
const delivered = replied(
  await applicant.POST("/v1/deliveries/{dossier}/downloads", {
    params: { ...at, header: after(issued) },
    body: {},
  }),
);
check(delivered.stage === "delivered", delivered.stage);
const result = await applicant.GET("/v1/deliveries/{dossier}/document", {
  params: at,
  parseAs: "blob",
});
check((await replied(result).text()).includes("the signed certificate"), "another document");

// 6. Rating, and the public look-up.
replied(
  await applicant.POST("/v1/ratings/{dossier}", {
    params: { ...at, header: { "Idempotency-Key": key() } },
    body: { score: 5 },
  }),
);
const found = replied(
  await applicant.GET("/v1/register/lookup/{code}", { params: { path: { code: submitted.code } } }),
);
console.log(found);
