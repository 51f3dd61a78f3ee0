//! Sends a payer's browser that returns from a partner back to the site where the payment began.
//! Nothing is recorded by it: what the payer carries is no evidence for the agency.

use std::sync::Arc;

use dossier::RefusalEntry;
use dossier::payment::Payment;
use dossier::payment_orders::PaymentOrder;
use engine::Streams;
use http::header::LOCATION;
use partners::{Capability, Incoming};
use url::Url;
use uuid::Uuid;
use web::{Operation, Problem, Reply, Request};

use super::take_partner_message::headers;
use crate::App;
use crate::record::Found;

const WRONG: RefusalEntry = RefusalEntry {
    status: 403,
    code: "partner-signature-wrong",
    vi: "thông tin trả về từ cổng thanh toán không đúng chữ ký: hãy xem kết quả ở nơi bạn đã bắt đầu nộp tiền",
    en: "the parameters are not signed by the payment partner; see the result where the payment was begun",
};

pub(super) fn operation() -> Operation<App> {
    Operation::get(
        "/v1/partners/{partner}/return",
        "return_from_partner",
        "Return a payer's browser from a payment partner",
    )
    .describe(
        "Redirects (303) to the `return_url` of the attempt or payment order, with the parameter `payment`. What was paid is in \
         `get_payment`, once the partner has reported it.",
    )
    .parameter("partner", "Name of the partner.")
    .refusals(&[WRONG])
    .redirects()
    .handle(handle)
}

async fn handle(app: Arc<App>, name: String, request: Request) -> Result<Reply, Problem> {
    let known = app.desk.partners.get(&name);
    let known = known.filter(|known| known.partner.offers(Capability::Return).is_ok());
    let known = known.ok_or_else(Problem::not_found)?;
    let headers = headers(&request);
    let incoming = Incoming { query: &request.query, headers: &headers, body: &request.body };
    let (partner, secrets) = (&known.partner, &known.secrets);
    let notice = partner.scheme().returned(partner, secrets, incoming);
    let notice = notice.map_err(|_| Problem::new(WRONG))?;
    let reference = notice.reference.unwrap_or_default();
    let found = app.reports().find(&reference).await;
    let found = found.map_err(|_| Problem::not_yet_consistent())?;
    let found = found.ok_or_else(Problem::not_found)?;
    let (return_url, id) = return_of(&app, &name, found).await?;
    // The sites may have changed since the payment began.
    let return_url = return_url.filter(|url| app.desk.partners.may_return_to(url));
    let return_url = return_url.ok_or_else(Problem::not_found)?;
    let mut to = Url::parse(&return_url).map_err(|_| Problem::not_found())?;
    to.query_pairs_mut().append_pair("payment", &id.to_string());
    Ok(Reply::redirect().header(LOCATION, to.as_str()))
}

/// Where the payer of an attempt or a payment order of this partner returns, and its id.
async fn return_of(
    app: &App,
    partner: &str,
    found: Found,
) -> Result<(Option<String>, Uuid), Problem> {
    match found {
        Found::Attempt(dossier, payment) => {
            let loaded = app.payments.load(&Streams::<Payment>::of(dossier.0)).await?;
            let attempt = loaded.state.attempts.get(&payment);
            let started = attempt.map(|attempt| &attempt.started);
            let started = started.filter(|started| started.provider == partner);
            Ok((started.and_then(|started| started.return_url.clone()), payment.0))
        }
        Found::Order(order) => {
            let loaded = app.orders.orders.load(&Streams::<PaymentOrder>::of(order.0)).await?;
            let started = loaded.state.started().filter(|started| started.provider == partner);
            Ok((started.and_then(|started| started.return_url.clone()), order.0))
        }
    }
}
