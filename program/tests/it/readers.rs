//! Every text that can be recorded is read by exactly the roles that its audience names, and shown
//! by at least one operation. Dossiers are made of the golden samples of all kinds of events, in
//! which every text is a marker of its own; then every role reads everything.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use dossier::contract::{Actor, Audience, Envelope, Role, payload_of, readable};
use dossier::intake::READ_TIMELINE;
use dossier::services::Category;
use events::{Expected, NewEvent, StreamName, Version};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::markers::{Marker, audiences, texts};
use crate::support::{Office, at};

const AGENCY: &str = "G02.001";
const CONSULTED: &str = "H01";

/// Makes the events of one dossier.
#[derive(Debug, Default)]
struct Life {
    dossier: Uuid,
    complaint: Uuid,
    markers: BTreeMap<String, Marker>,
}

/// Values that connect events and must be what they are.
const KEPT: [&str; 14] = [
    "dossier",
    "agency",
    "applicant",
    "complainant",
    "procedure",
    "carrier",
    "waybill",
    "reference",
    "proposal",
    "payment",
    "parcel",
    "consultation",
    "complaint",
    "duty",
];

impl Life {
    /// The sample of a kind, as an event of this dossier.
    fn sample(&self, kind: &str) -> Value {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/samples");
        // The newest shape has the most fields.
        let ends = ["digest.json", "json"].into_iter();
        let path = ends.map(|end| folder.join(format!("{kind}.{end}"))).find(|path| path.exists());
        let text = std::fs::read_to_string(path.unwrap_or_else(|| panic!("{kind}"))).unwrap();
        let mut sample: Value = serde_json::from_str(&text).unwrap();
        self.of_this_dossier(&mut sample);
        if kind.starts_with("review.Consultation") && sample.get("agency").is_some() {
            sample["agency"] = json!(CONSULTED);
        }
        sample
    }

    fn of_this_dossier(&self, value: &mut Value) {
        match value {
            Value::Array(values) => values.iter_mut().for_each(|value| self.of_this_dossier(value)),
            Value::Object(fields) => {
                for (name, value) in fields.iter_mut() {
                    match (name.as_str(), value.is_string()) {
                        ("dossier", true) => *value = json!(self.dossier),
                        ("complaint", true) => *value = json!(self.complaint),
                        ("agency", true) => *value = json!(AGENCY),
                        ("applicant" | "complainant", true) => *value = json!("a1"),
                        _ => self.of_this_dossier(value),
                    }
                }
            }
            _ => {}
        }
    }

    /// Replaces every text that may be any text by a marker.
    fn mark(&mut self, category: Category, kind: &str, sample: &mut Value) {
        let mut places = Vec::new();
        texts(sample, "", &mut places);
        for place in places {
            let fields: Vec<&str> = place.split('/').skip(1).collect();
            if fields.iter().any(|field| KEPT.contains(field)) {
                continue;
            }
            let audiences = audiences(&payload_of(kind).unwrap(), &fields);
            // Lists show other lives too.
            let life = usize::try_from(self.dossier.as_u128() % 10).unwrap();
            let marker = format!("marker-{}-end", life * 10_000 + self.markers.len());
            let before = std::mem::replace(sample.pointer_mut(&place).unwrap(), json!(marker));
            let events = category.events().unwrap();
            if events.decode(kind, &sample.to_string()).is_err() {
                // A code, an instant, or an enumeration.
                *sample.pointer_mut(&place).unwrap() = before;
                continue;
            }
            let marker_of = Marker { kind: kind.to_owned(), field: place, audiences };
            self.markers.insert(marker, marker_of);
        }
    }

    /// Appends the events of these kinds, marked, to the streams of the dossier.
    async fn live(&mut self, office: &Office, kinds: &[(Category, &str)]) {
        let mut versions: BTreeMap<String, Version> = BTreeMap::new();
        for (category, kind) in kinds {
            let mut sample = self.sample(kind);
            self.mark(*category, kind, &mut sample);
            let id = if *category == Category::Complaint { self.complaint } else { self.dossier };
            let stream = StreamName::new(&category.stream(id)).unwrap();
            let expected = Expected::from(versions.get(stream.as_str()).copied());
            let command = Uuid::new_v5(&id, format!("{kind}{expected:?}").as_bytes());
            let envelope = Envelope {
                at: at("2026-11-20T09:00"),
                actor: Actor::system("test"),
                command,
                digest: "x".to_owned(),
                cause: None,
                dossier: None,
                trace: None,
            };
            let id = NewEvent::id_of(&stream, command, 0);
            let (kind, data) = ((*kind).into(), sample.to_string());
            let event = NewEvent { id, kind, data, meta: envelope.encode() };
            let appended = office.engine.store.append(&stream, expected, vec![event]).await;
            versions.insert(stream.to_string(), appended.unwrap().version);
        }
    }
}

/// All kinds of events of a dossier, in an order in which the dossier ends late.
fn all_kinds() -> Vec<(Category, &'static str)> {
    let mut kinds = Vec::new();
    for category in Category::OF_A_DOSSIER.into_iter().chain([Category::Complaint]) {
        kinds.extend(category.events().unwrap().kinds.iter().map(|kind| (category, *kind)));
    }
    kinds
}

/// A life that stops before these kinds, so that what is shown only until then is shown.
fn until(ends: &[&str]) -> Vec<(Category, &'static str)> {
    let ends = |kind: &str| ends.iter().any(|end| kind.contains(end));
    all_kinds().into_iter().filter(|(_, kind)| !ends(kind)).collect()
}

fn reader(office: &Office, role: Role) -> String {
    match role {
        Role::Applicant => office.applicant("a1"),
        Role::Consultee => office.token(role, "reader", CONSULTED),
        _ => office.token(role, "reader", AGENCY),
    }
}

/// Everything that a role reads of a life: the marker, and the operations that show it.
async fn read_all(office: &Office, life: &Life, role: Role) -> BTreeMap<String, BTreeSet<String>> {
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let token = reader(office, role);
    for (name, _) in &office.operations {
        let Some(address) = name.strip_prefix("GET ") else { continue };
        let path = address
            .replace("{dossier}", &life.dossier.to_string())
            .replace("{complaint}", &life.complaint.to_string());
        if path.contains('{') || !path.starts_with("/v1/") || path.contains("dead-letters") {
            continue;
        }
        let mut next = Some(path);
        while let Some(path) = next.take() {
            let answer = office.browser.get(&path, &token).await;
            // The samples' dates may be outside all law, and their documents were never stored;
            // anything else is a defect.
            let is_defect = answer.status.as_u16() == 500 && !path.ends_with("/document");
            assert!(!is_defect, "{path} as {role:?}: {}", answer.body);
            if !answer.status.is_success() {
                continue;
            }
            let text = answer.body.to_string();
            for marker in text.split("marker-").skip(1) {
                let number = marker.split("-end").next().unwrap();
                let marker = format!("marker-{number}-end");
                seen.entry(marker).or_default().insert(address.to_owned());
            }
            let link = answer.header("link");
            let address = link.strip_prefix('<').and_then(|rest| rest.split('>').next());
            next = address.map(str::to_owned);
        }
    }
    seen
}

const TIMELINE: &str = "/v1/register/dossiers/{dossier}/timeline";

/// Compares what every role reads of a life with the audiences; returns the markers that were seen.
async fn compare(office: &Office, life: &Life) -> BTreeSet<String> {
    let (mut all, mut wrong) = (BTreeSet::new(), BTreeSet::new());
    for role in Role::CALLERS {
        let seen = read_all(office, life, role).await;
        for (marker, places) in &seen {
            let Some(of) = life.markers.get(marker) else { continue };
            if !of.is_for(role) {
                wrong.insert(format!("{role:?} reads {}{} at {places:?}", of.kind, of.field));
            }
        }
        let reads_timeline =
            READ_TIMELINE.iter().any(|may| may.role == role) && role != Role::ComplaintHandler;
        for (marker, of) in life.markers.iter().filter(|_| reads_timeline) {
            let complaint = of.kind.starts_with("feedback.") && !of.field.is_empty();
            let on_timeline = seen.get(marker).is_some_and(|places| places.contains(TIMELINE));
            // Complaints are on the timelines of those who may read them.
            if of.is_for(role) && !complaint && !on_timeline {
                wrong.insert(format!("the timeline of {role:?} lacks {}{}", of.kind, of.field));
            }
        }
        all.extend(seen.into_keys());
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    all
}

#[tokio::test]
async fn every_role_reads_what_the_audiences_say_and_every_text_is_shown_to_somebody() {
    let mut office = Office::open().await;
    let lives = [
        all_kinds(),
        until(&["DossierDecided", "DossierClosed", "DossierWithdrawn", "DossierRefused"]),
        // An open proposal, an open consultation, a parcel on its way, open money proposals.
        until(&[
            "DossierClosed",
            "DossierWithdrawn",
            "ProposalRejected",
            "DecisionMade",
            "ReviewCancelled",
            "ConsultationAnswered",
            "ParcelReturned",
            "ResultDelivered",
            "ResultRevoked",
            "ResultCancelled",
            "RefundRejected",
            "PaymentRefunded",
            "ResolutionRejected",
            "DiscrepancyResolved",
            "SupplementSubmitted",
            "FeeLapsed",
        ]),
    ];
    let mut marked = 0;
    for (number, kinds) in lives.iter().enumerate() {
        let seed = u128::try_from(number).unwrap();
        let mut life = Life {
            dossier: Uuid::from_u128(0x1000 + seed),
            complaint: Uuid::from_u128(0x2000 + seed),
            markers: BTreeMap::new(),
        };
        life.live(&office, kinds).await;
        office.views().await.unwrap();
        let seen = compare(&office, &life).await;
        for (marker, of) in &life.markers {
            let internal = of.audiences.iter().any(|one| matches!(one, Audience::Nobody(_)));
            assert!(
                internal || seen.contains(marker),
                "nobody reads {}{}, which is for {:?}",
                of.kind,
                of.field,
                of.audiences
            );
        }
        marked += life.markers.len();
    }
    assert!(marked > 200, "only {marked} texts were marked");
}

#[test]
fn the_markers_would_be_found_if_a_payload_were_shown_uncut() {
    let mut life = Life { dossier: Uuid::from_u128(1), ..Life::default() };
    let kind = "intake.DossierRefused.v1";
    let mut sample = life.sample(kind);
    life.mark(Category::Intake, kind, &mut sample);
    let (marker, of) = life.markers.first_key_value().unwrap();
    assert!(sample.to_string().contains(marker) && !of.is_for(Role::Cashier));
    assert!(readable(kind, &sample, Role::Clerk).data.to_string().contains(marker));
    assert!(!readable(kind, &sample, Role::Cashier).data.to_string().contains(marker));
}
