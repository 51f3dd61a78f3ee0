//! Nothing that identifies a person stands outside `$personal`, neither in the log nor in what the program says.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use events::{Filter, Position};
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::life::{pay, submitted, take};
use crate::support::Office;

/// What the tests put into personal fields.
const PEOPLE: [&str; 14] = [
    "Công ty Dệt",
    "0101234565",
    "Nam Định",
    "Siam Textile",
    "Trần B",
    "54 Hai Bà Trưng",
    "901234567",
    "Lê C",
    "902123456",
    "a.pdf",
    "not attached",
    "Nobody answers",
    "Sao Mai",
    "Nguyễn Văn A",
];

/// The texts of a value, those inside `$personal` left out.
fn outside(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| outside(value, texts)),
        Value::Object(fields) if fields.len() == 1 && fields.contains_key("$personal") => {}
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            texts.push(name.clone());
            outside(value, texts);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn identifies(text: &str) -> Option<&'static str> {
    PEOPLE.into_iter().find(|person| text.contains(person))
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn neither_the_log_nor_the_programs_own_lines_name_a_person_in_the_open() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(lines.clone())
        .finish();
    // While there is one subscriber alone, tracing asks the thread that first comes to a log line whether it is wanted: that of
    // another test would say no for all.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let _guard = tracing::subscriber::set_default(subscriber);
    let mut office = Office::open().await;
    let certificate = submitted(&mut office, "a1", "post").await;
    pay(&mut office, &certificate).await;
    let (clerk, citizen) = (office.clerk(), office.applicant("c1"));
    let dossier = certificate.at("dossiers");
    take(&mut office, &dossier, "acceptance", &clerk, json!({})).await.granted();
    let needs = json!({ "components": ["bill_of_lading"], "reason": "not attached" });
    take(&mut office, &dossier, "supplement-requests", &clerk, needs).await.granted();
    let complaint = json!({
        "agency": "G02.001", "text": "Nobody answers the phone.", "name": "Lê C", "address": "Nam Định", "phone": "0902123456",
    });
    office.browser.post("/v1/complaints", &citizen, "", complaint).await.granted();
    office.browser.post("/v1/complaints", &citizen, "", json!({ "text": "Lê C" })).await.refused();
    office.settle().await;
    let page =
        office.engine.store.read_all(Position::START, &Filter::default(), 1_000).await.unwrap();
    assert!(page.events.len() > 10);
    let mut found = 0;
    // Rules name provinces, some of which people live in.
    for event in page.events.iter().filter(|event| !event.kind.starts_with("law.")) {
        let mut texts = vec![event.stream.to_string()];
        outside(&serde_json::from_str(&event.data).unwrap(), &mut texts);
        outside(&serde_json::from_str(&event.meta).unwrap(), &mut texts);
        for text in texts {
            assert_eq!(identifies(&text), None, "{} holds `{text}` in the open", event.kind);
        }
        found += usize::from(identifies(&event.data).is_some());
    }
    assert!(found > 3, "the events hold no personal data at all: nothing was tested");
    let lines = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert!(!lines.is_empty(), "nothing was logged: nothing was tested");
    assert_eq!(identifies(&lines), None, "a log line names a person");
}

#[test]
fn no_golden_sample_names_a_person_in_the_open() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/samples");
    let mut personal = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let sample: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let mut texts = Vec::new();
        outside(&sample, &mut texts);
        for text in texts {
            assert_eq!(identifies(&text), None, "{} holds `{text}` in the open", path.display());
        }
        personal += usize::from(sample.to_string().contains("$personal"));
    }
    assert!(personal > 10, "only {personal} samples hold personal data");
}
