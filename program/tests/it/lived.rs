//! Every text of dossiers that were carried through the API, and the content of every document, is
//! unique. Then every role reads everything that there is to read, as JSON and as PDF. What a role
//! may not read is in no answer, everything is in somebody's, and the reads of officers are recorded.

use std::collections::{BTreeMap, BTreeSet};

use dossier::contract::{Audience, Role, payload_of};
use events::{Filter, Position};
use serde_json::Value;

use crate::markers::{Marker, audiences, texts};
use crate::support::Office;

mod answers;
mod story;

use answers::Shown;
use story::Story;

const AGENCY: &str = "G02.001";
const CONSULTED: &str = "H26.14";

/// What papers show beyond the audiences of the fields that it comes from: the operation, the roles,
/// and a part of the path of the field. A slip, letter, receipt or register names the applicant as
/// the form or the address for post does, also to those who only hand it out or check it.
const PAPERS: &[(&str, &[Role], &str)] = &[
    ("get_slip", &[Role::Reviewer, Role::Approver, Role::ComplaintHandler], ADDRESS),
    ("get_letter", &[Role::Reviewer, Role::Approver], ADDRESS),
    ("get_receipt", &[Role::Cashier, Role::Approver], ADDRESS),
    ("get_receipt", &[Role::Cashier], "/form/"),
    ("get_book", &[Role::Approver], ADDRESS),
    ("get_label", &[Role::Carrier], ADDRESS),
    ("get_parcel_label", &[Role::Carrier], ADDRESS),
    ("get_parcel_list", &[Role::Carrier], ADDRESS),
];
const ADDRESS: &str = "/delivery/address/";

/// The token of a reader who took no step.
fn reader(office: &Office, role: Role) -> String {
    match role {
        Role::Applicant => office.applicant("a1"),
        Role::Consultee => office.token(role, "reader", CONSULTED),
        Role::Carrier => office.token(role, "vnpost", ""),
        Role::PaymentProvider => office.token(role, "sandbox", ""),
        _ => office.token(role, "reader", AGENCY),
    }
}

/// Where unique texts are recorded, by text. The content of a document is recorded where the
/// document is named.
async fn recorded(story: &Story) -> BTreeMap<String, Vec<Marker>> {
    let store = &story.office.engine.store;
    let page = store.read_all(Position::START, &Filter::default(), 10_000).await.unwrap();
    let mut found: BTreeMap<String, Vec<Marker>> = BTreeMap::new();
    for event in &page.events {
        let Some(payload) = payload_of(&event.kind) else { continue };
        let data: Value = serde_json::from_str(&event.data).unwrap();
        let mut places = Vec::new();
        texts(&data, "", &mut places);
        for place in places {
            let text = data.pointer(&place).unwrap().as_str().unwrap();
            let path: Vec<&str> = place.split('/').skip(1).collect();
            let told = story.markers().filter(|marker| text.contains(*marker));
            for marker in told.chain(story.contents.get(text).map(String::as_str)) {
                let kind = event.kind.to_string();
                let audiences = audiences(&payload, &path);
                let of = Marker { kind, field: place.clone(), audiences };
                found.entry(marker.to_owned()).or_default().push(of);
            }
        }
    }
    found
}

/// The texts that each role must not read although it does, and all that were read.
#[derive(Default)]
struct Compared {
    wrong: BTreeSet<String>,
    seen: BTreeSet<String>,
    /// The operations and queries that somebody was answered.
    asked: BTreeSet<String>,
}

impl Compared {
    /// Reads everything as every role.
    async fn all_roles(&mut self, story: &mut Story) {
        story.office.views().await.unwrap();
        let recorded = recorded(story).await;
        for role in Role::CALLERS {
            let token = reader(&story.office, role);
            let before = story.reads().await.len();
            let shown = answers::all(story, &token).await;
            for one in &shown {
                self.asked.insert(one.asked.clone());
                for marker in &one.markers {
                    self.seen.insert(marker.clone());
                    self.compare(one, role, &recorded[marker]);
                }
            }
            self.records(role, &shown, &story.reads().await[before..]);
        }
    }

    fn compare(&mut self, shown: &Shown, role: Role, places: &[Marker]) {
        let declared = |field: &str| {
            PAPERS.iter().any(|(operation, readers, of)| {
                *operation == shown.operation && readers.contains(&role) && field.contains(of)
            })
        };
        let is_for = |of: &Marker| {
            let is_public = of.audiences.contains(&Audience::Public);
            let is_readable = of.is_for(role) || declared(&of.field);
            is_public || !shown.is_open && is_readable
        };
        if !places.iter().any(is_for) {
            let of: Vec<String> =
                places.iter().map(|of| format!("{}{}", of.kind, of.field)).collect();
            self.wrong.insert(format!("{role:?} reads {of:?} at {}", shown.operation));
        }
    }

    /// Every answer that shows a text of somebody or a document is recorded before it is sent, with
    /// the dossier or complaint whose it is; none of the person's own is.
    fn records(&mut self, role: Role, shown: &[Shown], reads: &[Value]) {
        if role == Role::Applicant {
            assert!(reads.is_empty(), "the applicant's own reads: {reads:?}");
            return;
        }
        for one in shown.iter().filter(|one| !one.is_open && one.is_personal()) {
            let is_it = |read: &&Value| read["operation"] == *one.operation;
            let read = reads.iter().filter(is_it).any(|read| one.is_named_in(read));
            if !read {
                self.wrong.insert(format!("{role:?}: no record of {} {}", one.operation, one.path));
            }
        }
    }
}

#[tokio::test]
async fn what_is_told_through_the_api_is_read_by_those_it_is_for_and_every_read_is_recorded() {
    let mut story = Story::open().await;
    let mut compared = Compared::default();
    story.until_the_supplement_and_the_consultation().await;
    compared.all_roles(&mut story).await;
    story.until_the_proposals().await;
    compared.all_roles(&mut story).await;
    story.until_the_parcel_is_on_its_way().await;
    compared.all_roles(&mut story).await;
    story.until_the_end().await;
    compared.all_roles(&mut story).await;
    assert!(compared.wrong.is_empty(), "{:#?}", compared.wrong);

    let recorded = recorded(&story).await;
    // Who has number and code of the complaint is the complainant.
    let state = story.complaint_status("/v1/complaint-status").await.granted().to_string();
    let shown: Vec<&str> = story.markers().filter(|marker| state.contains(*marker)).collect();
    assert!(!shown.is_empty(), "{state}");
    for marker in shown {
        assert!(recorded[marker].iter().any(|of| of.is_for(Role::Applicant)), "{marker}: {state}");
    }
    let is_internal =
        |of: &Marker| of.audiences.iter().any(|one| matches!(one, Audience::Nobody(_)));
    for marker in story.markers().chain(story.contents.values().map(String::as_str)) {
        let places = recorded.get(marker).unwrap_or_else(|| panic!("{marker} is not recorded"));
        assert!(
            compared.seen.contains(marker) || places.iter().all(is_internal),
            "nobody reads {places:?}"
        );
    }
    assert!(story.markers().count() > 50, "only {} texts", story.markers().count());
    answers::assert_all_were_read(&story, &compared.asked);
}

#[tokio::test]
async fn strangers_read_nothing_of_it_but_what_is_published() {
    let mut story = Story::open().await;
    story.until_the_supplement_and_the_consultation().await;
    story.until_the_proposals().await;
    story.until_the_parcel_is_on_its_way().await;
    story.until_the_end().await;
    story.office.views().await.unwrap();
    let recorded = recorded(&story).await;
    let office = &story.office;
    let mut strangers = vec![office.applicant("a2"), office.token(Role::Carrier, "ems", "")];
    for role in Role::CALLERS.into_iter().filter(|role| *role != Role::Operator) {
        strangers.push(office.token(role, "stranger", "H01"));
    }
    let mut published = 0;
    for token in strangers {
        for shown in answers::all(&story, &token).await {
            for marker in &shown.markers {
                let is_public = |of: &Marker| of.audiences.contains(&Audience::Public);
                let places = &recorded[marker];
                assert!(places.iter().any(is_public), "{}: {places:?}", shown.path);
                published += 1;
            }
        }
    }
    assert!(published > 0, "the published answer is for everybody");
}
