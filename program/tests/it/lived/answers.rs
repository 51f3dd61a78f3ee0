//! All answers to read operations: their addresses, and the unique texts in them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use http::StatusCode;
use serde_json::Value;

use super::story::Story;
use crate::papers::text_of;
use crate::support::root;

/// An answer.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) operation: String,
    /// The operation and the query.
    pub(super) asked: String,
    pub(super) path: String,
    pub(super) markers: BTreeSet<String>,
    /// Whether it needs no token.
    pub(super) is_open: bool,
    is_document: bool,
    /// The dossier and the complaint in the address.
    named: Vec<String>,
}

impl Shown {
    /// Whether it shows data of a person.
    pub(super) fn is_personal(&self) -> bool {
        self.is_document || !self.markers.is_empty()
    }

    /// Whether a recorded read names those whose data is in the answer.
    pub(super) fn is_named_in(&self, read: &Value) -> bool {
        let ids = |field: &str| read[field].as_array().into_iter().flatten();
        let recorded: BTreeSet<&str> =
            ids("dossiers").chain(ids("complaints")).map(|id| id.as_str().unwrap()).collect();
        !recorded.is_empty() && self.named.iter().all(|id| recorded.contains(&**id))
    }
}

/// Read operations that are not tried here, and why.
const ELSEWHERE: &[(&str, &str)] = &[
    ("get_live", "no API"),
    ("get_ready", "no API"),
    ("get_metrics", "no API; numbers"),
    ("get_dead_letters", "no API of a service; ids and causes"),
    ("get_service_dead_letters", "no API of a service; ids and causes"),
    ("get_quotas", "no API of a service; limits"),
    ("get_outage", "rules: no personal data, and none was declared here"),
    ("get_complaint_status", "needs headers, see `Story::complaint_status`"),
    ("get_status_document", "needs headers, see `Story::complaint_status`"),
    ("get_changes", "ids and kinds, see `changes`"),
    ("get_credential", "of a machine, not of a dossier, see `mandates`"),
    ("get_credentials", "of machines, not of dossiers, see `mandates`"),
    ("get_what_if", "figures of the asker's job, see `what_ifs`"),
    ("get_what_if_dossiers", "codes and dates of the asker's job, see `what_ifs`"),
    ("get_me", "the caller's own entry, see `me`"),
    ("get_mandates", "of firms, not of dossiers, see `mandates`"),
    ("get_mandate", "of firms, not of dossiers, see `mandates`"),
    ("get_mandate_document", "of firms, not of dossiers, see `mandates`"),
    ("get_mandate_reads", "of firms, not of dossiers, see `mandates`"),
    ("get_publication", "the address of one published answer, see `complaint_day`"),
    ("get_payment_book", "sums of an account, see `books`"),
    ("get_payment_book_lines", "of transfers to an account, see `books`"),
    ("get_payment_reference", "ids of payments, see `payment_orders`"),
    ("get_payment_order", "sums and states of an order for several dossiers, see `payment_orders`"),
    ("get_partners", "partners and numbers of requests, see `partners`"),
    ("get_partner_requests", "requests to a partner, see `partners`"),
    ("return_from_partner", "a redirect of a browser, see `partners`"),
    ("take_partner_call", "a message of a partner, see `partners`"),
    ("get_subscriber", "of a program, not of a dossier, see `subscribers`"),
    ("get_deliveries_to_subscriber", "ids and kinds, see `subscribers`"),
];

/// The media type of a stream of events (server-sent events).
const STREAM: &str = "text/event-stream";

/// A read operation of the API documents.
#[derive(Debug)]
struct Read {
    id: String,
    address: String,
    is_open: bool,
    media_types: Vec<String>,
}

impl Read {
    /// Whether the reply is an uploaded document.
    fn is_document(&self) -> bool {
        self.media_types.iter().any(|media_type| media_type == "image/png")
    }

    /// Whether the reply may be had as a PDF too.
    fn is_paper(&self) -> bool {
        self.media_types.iter().any(|media_type| media_type == "application/json")
            && self.media_types.len() > 1
    }
}

/// The read operations of all API documents.
static READS: LazyLock<Vec<Read>> = LazyLock::new(|| {
    let mut found = Vec::new();
    let files = std::fs::read_dir(root().join("openapi")).unwrap();
    let files = files.map(|entry| entry.unwrap().path());
    for file in files.filter(|file| file.extension().is_some_and(|ends| ends == "json")) {
        let text = std::fs::read_to_string(file).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        for (address, item) in document["paths"].as_object().unwrap() {
            let Some(get) = item.get("get") else { continue };
            let types = get["responses"]["200"]["content"].as_object().into_iter().flatten();
            // A stream of events does not end.
            let types = types.map(|(name, _)| name.clone()).filter(|name| name != STREAM);
            found.push(Read {
                id: get["operationId"].as_str().unwrap().to_owned(),
                address: address.clone(),
                is_open: get["security"].as_array().is_none_or(Vec::is_empty),
                media_types: types.collect(),
            });
        }
    }
    found
});

/// Every read operation was answered to somebody, with every query.
pub(super) fn assert_all_were_read(story: &Story, read: &BTreeSet<String>) {
    let all = story.office.operations.iter().filter(|(name, _)| name.starts_with("GET /v1/"));
    assert!(READS.len() >= all.count(), "the API documents lack operations");
    let mut unanswered = Vec::new();
    for one in READS.iter() {
        let elsewhere = ELSEWHERE.iter().any(|(id, _)| *id == one.id);
        for query in queries(one, story) {
            let asked = format!("{}?{query}", one.id);
            if !elsewhere && !read.contains(&asked) {
                unanswered.push(asked);
            }
        }
    }
    assert!(unanswered.is_empty(), "nobody was answered {unanswered:?}");
}

/// What can be put into addresses.
struct Values {
    /// By name of the parameter, and the dossier or complaint that it belongs to, if any.
    values: BTreeMap<&'static str, Vec<(String, Option<String>)>>,
}

impl Values {
    async fn of(story: &Story) -> Self {
        let office = &story.office;
        let mut values: BTreeMap<&'static str, Vec<(String, Option<String>)>> = BTreeMap::new();
        let mut add = |name, value: &Value, of: Option<&str>| {
            let value = (value.as_str().unwrap().to_owned(), of.map(str::to_owned));
            values.entry(name).or_default().push(value);
        };
        for certificate in &story.certificates {
            let (id, own) = (&*certificate.id, &certificate.applicant);
            let of = Some(id);
            add("dossier", &Value::from(id), of);
            let dossier = office.browser.get(&certificate.at("dossiers"), own).await.granted();
            add("code", &dossier["code"], of);
            let slips = format!("{}/slips", certificate.at("dossiers"));
            for slip in office.browser.get(&slips, own).await.granted().as_array().unwrap() {
                add("slip", &slip["slip"], of);
            }
            let payment = office.browser.get(&certificate.at("payments"), own).await.granted();
            for receipt in payment["receipts"].as_array().unwrap() {
                add("receipt", &receipt["receipt"], of);
            }
        }
        let complaint = story.complaint["complaint"].clone();
        add("complaint", &complaint, complaint.as_str());
        for (of, documents) in &story.documents {
            let of = if of == "complaint" { complaint.as_str().unwrap() } else { of };
            for document in documents {
                add("document", &Value::from(&**document), Some(of));
            }
        }
        if let Some(parcel) = &story.parcel {
            add("reference", &Value::from(&**parcel), Some(&story.certificates[0].id));
        }
        for (name, value) in [
            ("agency", "G02.001"),
            ("name", "chemicals"),
            ("kind", "procedure"),
            ("version", "3"),
            ("message", "1"),
            ("message", "2"),
        ] {
            add(name, &Value::from(value), None);
        }
        Self { values }
    }

    /// An address with all values for its parameters, and the dossiers and complaints named in it.
    fn fill(&self, read: &Read) -> Vec<(String, Vec<String>)> {
        let mut filled = vec![(read.address.clone(), Vec::<String>::new())];
        while let Some(name) = filled.first().and_then(|(path, _)| parameter(path)) {
            let values = self.values.get(&*name).map_or(&[][..], Vec::as_slice);
            let is_rule =
                read.address.starts_with("/v1/procedures") || read.address.starts_with("/v1/rules");
            let rule = [("CO.D".to_owned(), None)];
            let values =
                if is_rule && ["code", "name"].contains(&&*name) { &rule[..] } else { values };
            let mut next = Vec::new();
            for (path, named) in &filled {
                for (value, of) in values {
                    // A slip of one dossier is not one of another.
                    if of.iter().any(|of| named.first().is_some_and(|first| first != of)) {
                        continue;
                    }
                    let named = named.iter().chain(of).cloned().collect();
                    next.push((path.replacen(&format!("{{{name}}}"), value, 1), named));
                }
            }
            filled = next;
        }
        filled
    }
}

/// The first parameter of an address that has no value yet.
fn parameter(path: &str) -> Option<String> {
    let (_, rest) = path.split_once('{')?;
    Some(rest.split_once('}')?.0.to_owned())
}

/// The queries with which a list is read.
fn queries(read: &Read, story: &Story) -> Vec<String> {
    let queries: &[&str] = match &*read.id {
        "get_payment_parity" => &["agency=G02.001&account=sandbox&from=2026-11-01&to=2026-11-30"],
        "get_parcel_list" => &["agency=G02.001&carrier=vnpost&day=2026-11-20"],
        "get_past_state" => &["at=2030-01-01T00:00:00Z"],
        "get_result_numbers" => &["agency=G02.001&book=KQ.G02.000101&year=2026"],
        "get_dossiers" => &["", "mine=true", "q=marker", "q=0101234565"],
        "get_work" => &["", "officer=none", "missed=false"],
        "get_statistics" => &["", "group_by=officer", "group_by=procedure"],
        "export_statistics" => &["format=csv", "format=ndjson"],
        "get_complaints" => &["", "whose=own"],
        "get_complaint_figures" => &["from=2026-11&to=2026-11"],
        "get_book" | "get_targets" => &["from=2026-11-01&to=2026-11-30"],
        "get_loads" => &["agency=G02.001"],
        "get_public_figures" => &["month=2026-10"],
        "get_fee_quote" => &["agency=G02.001&channel=online"],
        "get_reader_reads" => &["reader=clerk-1"],
        "get_ratings" => &["term=2026-Q4", "term=2026-Q4&of=officer"],
        "get_parcel_labels" => return vec![format!("dossiers={}", story.certificates[0].id)],
        "get_found_complaints" => {
            return vec![
                format!("q={}", story.complaint["number"].as_str().unwrap()),
                "q=marker".to_owned(),
            ];
        }
        _ => &[""],
    };
    queries.iter().map(|query| (*query).to_owned()).collect()
}

/// Reads everything with a token.
pub(super) async fn all(story: &Story, token: &str) -> Vec<Shown> {
    let (values, mut shown) = (Values::of(story).await, Vec::new());
    for read in READS.iter().filter(|read| !ELSEWHERE.iter().any(|(id, _)| *id == read.id)) {
        for (path, named) in values.fill(read) {
            for query in queries(read, story) {
                let path = if query.is_empty() { path.clone() } else { format!("{path}?{query}") };
                let whose = (read, &*query, &*named);
                let once = if read.is_document() { 1 } else { read.media_types.len() };
                for media_type in &read.media_types[..once] {
                    pages(story, token, whose, (&path, media_type), &mut shown).await;
                }
            }
        }
    }
    shown
}

/// Reads all pages of an address.
async fn pages(
    story: &Story,
    token: &str,
    (read, query, named): (&Read, &str, &[String]),
    (path, media_type): (&str, &str),
    shown: &mut Vec<Shown>,
) {
    let mut next = Some(path.to_owned());
    while let Some(path) = next.take() {
        let (status, headers, bytes) = story.office.browser.raw(&path, token, media_type).await;
        let is_expected = status.is_success() || status.is_client_error();
        let is_limited = status == StatusCode::TOO_MANY_REQUESTS;
        let body = || String::from_utf8_lossy(&bytes).into_owned();
        assert!(is_expected && !is_limited, "{path}: {status} {}", body());
        if !status.is_success() {
            let all = story.markers().chain(story.contents.values().map(String::as_str));
            let told: Vec<&str> = all.filter(|marker| body().contains(*marker)).collect();
            assert!(told.is_empty(), "the refusal of {path} tells {told:?}");
            continue;
        }
        let given = headers["content-type"].to_str().unwrap();
        let is_paper = given == "application/pdf" && read.is_paper();
        // A PDF is compressed; without `pdftotext`, the same paper as JSON has its text.
        let text = if is_paper { text_of(&bytes).unwrap_or_default() } else { body() };
        let markers = story.markers().chain(story.contents.values().map(String::as_str));
        let markers = markers.filter(|marker| text.contains(*marker)).map(str::to_owned).collect();
        shown.push(Shown {
            operation: read.id.clone(),
            asked: format!("{}?{query}", read.id),
            path: path.clone(),
            markers,
            is_open: read.is_open,
            is_document: read.is_document(),
            named: named.to_vec(),
        });
        let link = headers.get("link").map_or("", |link| link.to_str().unwrap());
        next = link.strip_prefix('<').and_then(|rest| rest.split('>').next()).map(str::to_owned);
    }
}
