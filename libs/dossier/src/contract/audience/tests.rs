use serde_json::json;

use super::*;

fn payloads() -> Vec<Payload> {
    let sets = Category::ALL.into_iter().filter_map(Category::events);
    sets.flat_map(|set| set.payloads).copied().chain(PARTS).collect()
}

#[test]
fn every_field_of_every_event_has_an_audience() {
    let mut fields = 0;
    for payload in payloads() {
        for field in payload.fields {
            let (name, of) = (field.name, payload.name);
            assert!(
                payload.audience_of(field).is_some(),
                "{of}.{name} has no audience: write `{of} for Everyone {{`, or another audience"
            );
            fields += 1;
        }
    }
    assert!(fields > 300, "{fields}");
}

#[test]
fn operators_read_no_personal_value_of_a_dossier() {
    // Operators record the officers of an agency themselves.
    let others = ["CarrierNoticeUnmatched", "OfficerRecorded"];
    for payload in payloads().iter().filter(|payload| !others.contains(&payload.name)) {
        for field in payload.fields.iter().filter(|field| field.is_personal()) {
            let audience = payload.audience_of(field).unwrap();
            assert!(!audience.has(Role::Operator), "{}.{}", payload.name, field.name);
        }
    }
}

#[test]
fn roles_are_listed_once_and_in_one_order() {
    for payload in payloads() {
        for audience in payload.fields.iter().filter_map(|field| payload.audience_of(field)) {
            assert!(audience.roles().is_sorted(), "{audience:?}");
            assert!(audience.roles().windows(2).all(|two| two[0] != two[1]), "{audience:?}");
        }
    }
}

#[test]
fn a_reason_is_shown_as_it_was_written_to_those_who_may_read_it() {
    let data = json!({ "reason": { "$personal": "Thiếu trang 2" }, "accepted": false });
    let kind = "intake.DossierRefused.v1";
    let shown = readable(kind, &data, Role::Applicant);
    assert_eq!(shown.data, json!({ "reason": "Thiếu trang 2", "accepted": false }));
    assert_eq!(readable(kind, &data, Role::Operator).data, json!({ "accepted": false }));
}

#[test]
fn an_erased_value_is_null_and_named() {
    let data = json!({ "reason": { "$personal": null } });
    let shown = readable("intake.DossierRefused.v1", &data, Role::Clerk);
    assert_eq!(shown, Shown { data: json!({ "reason": null }), erased: vec!["/reason".into()] });
}

#[test]
fn parts_of_an_event_are_cut_like_the_event() {
    let address = json!({ "$personal": { "name": "Trần B", "lines": [], "phone": "1" } });
    let data = json!({ "brief": {
        "code": "c", "groups": ["poor"], "delivery": { "channel": "post", "address": address },
    } });
    let read = |role| readable("intake.DossierAccepted.v1", &data, role).data;
    let clerk = read(Role::Clerk);
    assert_eq!(clerk["brief"]["delivery"]["address"]["name"], "Trần B");
    assert_eq!(clerk["brief"]["groups"], json!(["poor"]));
    let reviewer = read(Role::Reviewer);
    assert_eq!(reviewer["brief"], json!({ "code": "c", "delivery": { "channel": "post" } }));
}

#[test]
fn an_unknown_field_and_an_unknown_kind_are_not_shown() {
    let data = json!({ "reason": { "$personal": "x" }, "more": 1 });
    assert!(readable("intake.DossierRefused.v1", &data, Role::Clerk).data.get("more").is_none());
    assert_eq!(readable("intake.Other.v1", &data, Role::Clerk).data, json!({}));
}

#[test]
fn audiences_have_the_roles_that_replies_are_cut_by() {
    use crate::access::May;
    use crate::{delivery, feedback, intake, notes, payment, review, rules};
    let sorted = |lists: &[&[May]]| {
        let mut roles: Vec<Role> =
            lists.iter().flat_map(|mays| mays.iter().map(|m| m.role)).collect();
        roles.sort();
        roles.dedup();
        roles
    };
    let cases: [(Audience, &[&[May]]); 14] = [
        (Audience::Content, &[intake::READ_CONTENT]),
        (Audience::Officers, &[review::READ_CONTENT]),
        (Audience::Officers, &[notes::READ]),
        (Audience::Messages, &[notes::READ_MESSAGES]),
        (
            Audience::Consulted,
            &[
                review::READ_CONTENT,
                &[May { role: Role::Consultee, scope: crate::access::Scope::Consulted }],
            ],
        ),
        (Audience::Money, &[payment::READ]),
        (Audience::MoneyTexts, &[payment::READ_TEXTS]),
        (Audience::Cashiers, &[payment::READ_WORK]),
        (Audience::Result, &[delivery::READ]),
        (Audience::Address, &[intake::READ_ADDRESS, delivery::READ_LABEL]),
        (Audience::Rating, &[feedback::READ_COMMENT]),
        (Audience::Complaint, &[feedback::READ_ESCALATED]),
        (Audience::ComplaintTexts, &[feedback::READ_TEXT]),
        (Audience::Rules, &[rules::READ]),
    ];
    for (audience, lists) in cases {
        assert_eq!(audience.roles(), sorted(lists), "{audience:?}");
    }
}
