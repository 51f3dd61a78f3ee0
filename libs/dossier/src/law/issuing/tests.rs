use super::*;
use crate::law::{SHIPPED, next_version, shipped_rules};
use crate::testing::{at, law};

const NOW: &str = "2026-11-20T09:00";

fn found_by(law: &Law, kind: RulesKind, text: &str) -> Vec<String> {
    let draft = Draft { kind, text, version: None };
    let found = draft.check(law, at(NOW)).err().unwrap_or_default();
    let told = |finding: &Finding| {
        assert!(finding.place.is_some() && !finding.vi.is_empty(), "{finding:?}");
        finding.pointer.clone()
    };
    found.0.iter().map(told).collect()
}

fn found(kind: RulesKind, text: &str) -> Vec<String> {
    found_by(&law(), kind, text)
}

/// The changed procedure for certificates of origin, as the next version.
fn certificate(changes: &[(&str, &str)]) -> String {
    shipped_file("certificate_of_origin_d.yaml", changes)
}

/// A changed shipped file, as its next version.
fn shipped_file(name: &str, changes: &[(&str, &str)]) -> String {
    let (_, text) = SHIPPED.iter().find(|(file, _)| *file == name).unwrap();
    let changed = |text: String, (from, to): &(&str, &str)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    };
    changes.iter().fold(next_version(text), changed)
}

#[track_caller]
fn certificate_with(changes: &[(&str, &str)], pointers: &[&str]) {
    assert_eq!(found(RulesKind::Procedure, &certificate(changes)), pointers, "{changes:?}");
}

/// The first shipped file of this kind in its newest version, changed, as its next version.
fn shipped(kind: RulesKind, changes: &[(&str, &str)]) -> String {
    let all = shipped_rules().unwrap();
    let first = all.iter().find(|rules| rules.kind == kind).unwrap();
    let newest = all.iter().rfind(|rules| rules.kind == kind && rules.name == first.name);
    let rules = newest.unwrap();
    changes.iter().fold(next_version(&rules.text), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    })
}

#[test]
fn nothing_is_wrong_with_what_ships() {
    let mut law = Law::default();
    for rules in shipped_rules().unwrap() {
        let draft = Draft { kind: rules.kind, text: &rules.text, version: None };
        let found = draft.check(&law, at(NOW)).err().unwrap_or_default();
        assert!(found.is_empty(), "{} {}: {found}", rules.kind.as_str(), rules.name);
        law.apply(&rules, None).unwrap();
    }
    certificate_with(&[], &[]);
}

#[test]
fn codes_stand_only_among_alternatives_of_which_it_is_known_which_one_is_meant() {
    let invoice = "    invoice: { type: string, minLength: 1, maxLength: 100 }";
    let with = |schema: &str| format!("    invoice: {schema}");
    let ours = "x-code-list: countries";
    for (schema, pointers) in [
        (format!("{{ anyOf: [{{ type: 'null' }}, {{ type: string, {ours} }}] }}"), &[][..]),
        (
            format!("{{ anyOf: [{{ type: string, {ours} }}, {{ pattern: '^X' }}] }}"),
            &["/form/properties/invoice/anyOf/1"],
        ),
        (
            format!("{{ if: {{ pattern: '^X' }}, then: {{ {ours} }} }}"),
            &["/form/properties/invoice/if"],
        ),
        (format!("{{ if: {{ const: X }}, else: {{ {ours} }} }}"), &[]),
        ("{ if: { pattern: '^X' }, then: { maxLength: 9 } }".to_owned(), &[]),
    ] {
        certificate_with(&[(invoice, &with(&schema))], pointers);
    }
}

#[test]
fn everything_that_does_not_have_the_shape_is_told_at_once_and_nothing_that_follows_from_it() {
    let text = certificate(&[
        ("budget:", "budgets:"),
        ("  redatings_max: 1\n", ""),
        ("review:\n", "review:\n  reviewers: 2\n"),
        ("      basis: Thông tư 64/2025/TT-BTC\n", ""),
        ("  window: { amount: 15, unit: working_days }\n", ""),
        ("restart", "stop"),
        ("required: true", "required: maybe"),
        ("level: full", "level: [full]"),
        ("delivery: [download", "delivery: [download, pigeon"),
    ]);
    assert_eq!(
        found(RulesKind::Procedure, &text),
        [
            "/level",
            "/documents/0/required",
            "/fees/window",
            "/fees/lines/0/basis",
            "/clock/redatings_max",
            "/clock/budgets",
            "/clock/supplement",
            "/review/reviewers",
            "/delivery/1",
        ]
    );
}

#[test]
fn what_is_no_yaml_and_what_comes_twice_has_a_line() {
    for text in ["a: [", "- a", "a: 1\na: 2\n", "", "a: 1\n---\nb: 1\n"] {
        let draft = Draft { kind: RulesKind::Procedure, text, version: None };
        assert_eq!(draft.check(&law(), at(NOW)).unwrap_err().0.len(), 1, "{text}");
    }
    let open = format!("a: 1\nb: {}", "{ c: [".repeat(50_000));
    let draft = Draft { kind: RulesKind::Codes, text: &open, version: None };
    let found = draft.check(&law(), at(NOW)).unwrap_err();
    let [size, brackets] = &found.0[..] else { panic!("{found}") };
    assert!(size.en.contains("bytes") && size.place.is_none(), "{found}");
    assert_eq!(brackets.to_string(), "2:1: too many brackets are opened and not closed");
    let twice = certificate(&[("consignee: {", "exporter: {")]);
    let draft = Draft { kind: RulesKind::Procedure, text: &twice, version: None };
    let found = draft.check(&law(), at(NOW)).unwrap_err();
    assert!(found.0[0].en.contains("duplicate") && found.0[0].place.is_some(), "{found}");
}

#[test]
fn a_period_must_end() {
    let budget = "online: { amount: 6, unit: working_hours }";
    for wrong in [
        "{ amount: 12000, unit: working_days }",
        "{ amount: 4294967295, unit: working_days }",
        "{ amount: 4294967295, unit: months }",
        "{ amount: 4294967295, unit: working_hours }",
        "{ amount: 1500000, unit: calendar_days }",
        "{ amount: 0, unit: working_hours }",
        "{ amount: 3, unit: same_day }",
    ] {
        let wrong = format!("online: {wrong}");
        certificate_with(&[(budget, &wrong)], &["/clock/budget/online/amount"]);
    }
    let window = ("supplement_window: { amount: 15", "supplement_window: { amount: 4000000000");
    certificate_with(&[window], &["/clock/supplement_window/amount"]);
    let window = ("  window: { amount: 15", "  window: { amount: 4000000000");
    certificate_with(&[window], &["/fees/window/amount"]);
    let validity = ("000101 }", "000101, validity: { amount: 400, unit: months } }");
    certificate_with(&[validity], &["/result/validity/amount"]);
    let times = "clock:\n  extension: { budget: { amount: 9, unit: working_hours }, times: 4294967295, basis: x }";
    certificate_with(&[("clock:", times)], &["/clock/extension/times"; 4]);
    for (from, to, pointer) in [
        ("{ amount: 45,", "{ amount: 1500000,", "/result/duties/0/budget/amount"),
        ("{ amount: 45,", "{ amount: 0,", "/result/duties/0/budget/amount"),
        (
            "{ amount: 90, unit: calendar_days",
            "{ amount: 2, unit: same_day",
            "/result/duties/1/budget/amount",
        ),
    ] {
        let text = shipped_file("promotion_registration.yaml", &[(from, to)]);
        assert_eq!(found(RulesKind::Procedure, &text), [pointer], "{to}");
    }
}

#[test]
fn an_amount_can_be_paid_and_added_up() {
    for amount in ["-5", "0", "9223372036854775807", "1000000000001"] {
        let wrong = format!("amount: {amount}");
        certificate_with(&[("amount: 30000", &wrong)], &["/fees/lines/0/amount"]);
    }
    certificate_with(&[("percent: 50", "percent: 0")], &["/fees/reductions/0/percent"]);
    certificate_with(&[("percent: 50", "percent: 101")], &["/fees/reductions/0/percent"]);
    certificate_with(&[("percent: 50", "percent: 300")], &["/fees/reductions/0/percent"]);
    certificate_with(&[("of: [phi, le_phi]", "of: []")], &["/fees/reductions/0/of"]);
}

#[test]
fn a_group_whose_claim_must_be_proved_has_a_reduction_a_known_component_and_an_officer() {
    let shipped = "  groups:\n    - { group: digital_citizen }\n";
    let with = |groups: &str| certificate(&[(shipped, &format!("  groups: {groups}\n"))]);
    let wrong = |groups: &str| found(RulesKind::Procedure, &with(groups));
    assert!(wrong("[{ group: digital_citizen, evidence: bill_of_lading }]").is_empty());
    assert!(wrong("[{ group: digital_citizen }]").is_empty());
    assert_eq!(wrong("[{ group: veteran }]"), ["/fees/groups/0/group"]);
    let unknown = "[{ group: digital_citizen, evidence: identity }]";
    assert_eq!(wrong(unknown), ["/fees/groups/0/evidence"]);
    let twice = "[{ group: digital_citizen }, { group: digital_citizen }]";
    assert_eq!(wrong(twice), ["/fees/groups/1/group"]);
    let unanswered = with("[{ group: digital_citizen }]")
        .replace("  answer: { amount: 8, unit: working_hours }\n", "  ahead: null\n");
    assert_eq!(found(RulesKind::Procedure, &unanswered), ["/fees/groups"]);
}

#[test]
fn no_code_names_two_things() {
    certificate_with(&[("{ code: invoice,", "{ code: application,")], &["/documents/2/code"]);
    certificate_with(&[("rule: co-36-2023", "rule: co-64-2025")], &["/fees/lines/1/rule"]);
    let groups = ("[digital_citizen]", "[digital_citizen, digital_citizen]");
    certificate_with(&[groups], &["/fees/reductions/0/groups/1"]);
    let activity = "- { code: appraisal, name: { vi: a, en: a } }\n    - { code: appraisal, name:";
    certificate_with(&[("- { code: appraisal, name:", activity)], &["/review/activities/1/code"]);
    certificate_with(
        &[("channels: [online, counter", "channels: [online, online, counter")],
        &["/channels/1"],
    );
    certificate_with(&[("delivery: [download", "delivery: [download, download")], &["/delivery/1"]);
    certificate_with(
        &[("public: [/destination", "public: [/destination, /destination")],
        &["/public/1"],
    );
}

#[test]
fn the_fields_by_which_dossiers_are_found_are_texts_of_the_form() {
    let with = |listed: &str, wrong: &[&str]| {
        let searched = format!("search: {listed}\npublic: [/destination");
        certificate_with(&[("public: [/destination", &searched)], wrong);
    };
    with("[/exporter/name, /goods/*/description]", &[]);
    with("[/exporter/nam, /goods/*/descriptoin]", &["/search/0", "/search/1"]);
    with("[/exporter, /goods]", &["/search/0", "/search/1"]);
    with("[/consignee, /consignee]", &["/search/1"]);
}

#[test]
fn every_pointer_leads_to_a_field_of_the_form() {
    certificate_with(&[("public: [/destination", "public: [/destinatoin")], &["/public/0"]);
    certificate_with(&[("public: [/destination", "public: [destination")], &["/public/0"]);
    certificate_with(&[("public: [/destination", "public: [/exporter")], &["/public/0"]);
    let ahead = "intake:\n  ahead: { field: /destination, working_days: 3, basis: x }";
    certificate_with(&[("intake:", ahead)], &["/intake/ahead/field"]);
    let far = "intake:\n  ahead: { field: /departure, working_days: 4000000000, basis: x }";
    let wrong = ["/intake/ahead/field", "/intake/ahead/working_days"];
    certificate_with(&[("intake:", far)], &wrong);
    certificate_with(
        &[("required: [exporter,", "required: [exporter, nothing,")],
        &["/form/required/1"],
    );
}

#[test]
fn a_rule_that_decides_tests_something_that_can_hold() {
    let rule =
        |when: &str| format!("review:\n  automatic: {{ outcome: approved, when: {when} }}\n");
    for (when, pointers) in [
        ("[]", &["/review/automatic/when"][..]),
        ("[{ field: /destination }]", &["/review/automatic/when/0"]),
        ("[{ field: /destination, one_of: [] }]", &["/review/automatic/when/0/one_of"]),
        ("[{ field: /invoice, one_of: [x] }]", &["/review/automatic/when/0/field"]),
        (
            "[{ field: /destination, at_least: 2, at_most: 1 }]",
            &["/review/automatic/when/0/at_most"],
        ),
    ] {
        certificate_with(&[("review:\n", &rule(when))], pointers);
    }
}

#[test]
fn days_versions_and_agencies_are_possible() {
    certificate_with(&[("issued: 2025-06-30", "issued: 2031-01-01")], &["/issued"]);
    certificate_with(&[("issued: 2025-06-30", "issued: 0024-06-30")], &["/issued"]);
    certificate_with(
        &[("{ from: 2025-07-01 }", "{ from: 2025-07-01, to: 9999-12-31 }")],
        &["/effective/to"],
    );
    certificate_with(
        &[("{ from: 2025-07-01 }", "{ from: 2025-07-01, to: 2025-06-01 }")],
        &["/effective/to"],
    );
    certificate_with(&[("agency: G02", "agency: X99")], &["/agency"]);
    certificate_with(
        &[("level: full", "level: partial"), ("[online, counter, post]", "[]")],
        &[
            "/channels",
            "/fees/reductions/0/channels/0",
            "/clock/by_post",
            "/clock/budget/online",
            "/clock/budget/counter",
            "/clock/budget/post",
        ],
    );
    let text = certificate(&[]);
    let draft = Draft { kind: RulesKind::Procedure, text: &text, version: Some(2) };
    assert_eq!(draft.check(&law(), at(NOW)).unwrap_err().0[0].pointer, "/version");
}

#[test]
fn a_calendar_is_checked_in_all_its_parts_and_for_what_follows() {
    let calendar = |changes: &[(&str, &str)]| {
        found(RulesKind::Calendar, &shipped(RulesKind::Calendar, changes))
    };
    assert_eq!(calendar(&[]), [""; 0]);
    let wrong = calendar(&[
        ("Asia/Ho_Chi_Minh", "Asia/Atlantis"),
        ("monday: [\"08:00-12:00\"", "monday: [\"12:00-08:00\""),
        (
            "days:\n",
            "days:\n  - { from: 2022-01-03, off: { vi: a, en: a } }\n  - { from: 2022-06-01, to: 9999-01-01, off: { vi: a, en: a } }\n  - { from: 2022-06-01 }\n",
        ),
    ]);
    assert_eq!(wrong, ["/time_zone", "/week", "/days/1/to", "/days/2", "/days/3"]);
    // The days off of the Labour Code are not lost if `statutory` is missing.
    let law_of = |said: &str| calendar(&[("statutory: vietnam_labour_code\n", said)]);
    assert_eq!(law_of(""), ["/statutory"]);
    assert_eq!(law_of("statutory: none\n"), [""; 0]);
    let elsewhere = ("Asia/Ho_Chi_Minh", "Asia/Bangkok");
    let moved = calendar(&[elsewhere, ("statutory: vietnam_labour_code\n", "")]);
    assert_eq!(moved, ["/statutory"], "the version before has them");
    let lower = ("Asia/Ho_Chi_Minh", "asia/ho_chi_minh");
    let spelt = [lower, ("statutory: vietnam_labour_code\n", ""), ("id: vn", "id: other")];
    assert_eq!(calendar(&spelt), ["/statutory"]);
    let new = [elsewhere, ("statutory: vietnam_labour_code\n", ""), ("id: vn", "id: th")];
    assert_eq!(calendar(&new), [""; 0], "of another country nothing is known");
    // Thirty-six years without a working day: no period ends within a plausible time.
    let never = (0..36).map(|years| {
        let year = 2026 + years;
        format!("  - {{ from: {year}-11-21, to: {}-11-20, off: {{ vi: a, en: a }} }}\n", year + 1)
    });
    let days = format!("days:\n{}x:\n", never.collect::<String>());
    let text = shipped(RulesKind::Calendar, &[("days:\n", &days)]);
    let text = text.split("x:\n").next().unwrap();
    let pointers = found(RulesKind::Calendar, text);
    assert!(!pointers.is_empty() && pointers.iter().all(|at| at == "/days"), "{pointers:?}");
}

#[test]
fn agencies_are_named_once_and_followed_by_somebody() {
    let agencies = |changes: &[(&str, &str)]| {
        found(RulesKind::Agencies, &shipped(RulesKind::Agencies, changes))
    };
    assert_eq!(agencies(&[]), [""; 0]);
    assert_eq!(agencies(&[("code: G02.001", "code: G02.002")]), ["/agencies", "/agencies/2/code"]);
    assert_eq!(
        agencies(&[("calendar: nl", "calendar: be")]),
        ["/agencies/7/calendar", "/agencies/7/calendar"]
    );
    assert_eq!(agencies(&[("system: \"26\"", "system: \"2\"")]), ["/agencies/6/system"]);
    assert_eq!(
        agencies(&[("symbol: HN-26E", "symbol: \"HN 26/E\"")]),
        ["/agencies/6/receipt_symbol"]
    );
    assert_eq!(
        agencies(&[("by: G02.005", "by: G02.999")]),
        ["/agencies/4/succeeded", "/agencies/4/succeeded/by"]
    );
    assert_eq!(agencies(&[("on: 2025-03-01", "on: 2025-03-02")]), ["/agencies/4/succeeded"]);
}

#[test]
fn a_registry_takes_three_times_the_country_and_says_how_many_are_too_many() {
    use std::fmt::Write;
    let part = |id: &str, version: u32, units: usize| {
        let mut text = format!("id: {id}\nversion: {version}\nlegal_basis: x\nagencies:\n");
        for unit in 1..=units {
            writeln!(text, "  - {{ code: {}.{unit}, name: {{ vi: x, en: x }}, calendar: vn, system: \"61\", receipt_symbol: S }}", id.to_uppercase()).unwrap();
        }
        text
    };
    let mut law = law();
    let known = law.agencies().count();
    let most = part("y1", 1, agencies::AGENCIES_MAX - known - 1);
    law.record(&rules(RulesKind::Agencies, "y1", &most).unwrap(), at(NOW));
    let draft = |text: &str| {
        let draft = Draft { kind: RulesKind::Agencies, text, version: None };
        draft.check(&law, at(NOW)).err().unwrap_or_default().0
    };
    assert_eq!(draft(&part("y2", 1, 1)), []);
    let [finding] = &draft(&part("y2", 1, 4))[..] else { panic!("it has no limit") };
    assert_eq!(finding.pointer, "/agencies");
    assert!(finding.en.contains("at most 30000; leave out 3 of the new ones"), "{}", finding.en);
    assert!(finding.vi.contains("30000"), "{}", finding.vi);
}

#[test]
fn complaints_and_payments_are_checked_the_same() {
    let complaints = |changes: &[(&str, &str)]| {
        found(RulesKind::Complaints, &shipped(RulesKind::Complaints, changes))
    };
    assert_eq!(complaints(&[]), [""; 0]);
    assert_eq!(
        complaints(&[("classify: { amount: 5", "classify: { amount: 12000")]),
        ["/classify/amount"]
    );
    assert_eq!(complaints(&[("  complex: { amount: 10, unit: working_days }\n", "")]), ["/answer"]);
    let extended = ("extended:\n  content_of_rules", "extended:\n  not_ours");
    assert_eq!(complaints(&[extended]), ["/extended/not_ours"]);
    assert_eq!(complaints(&[("{{complainant}}", "{{who}}")]), ["/templates/0/body"]);
    assert_eq!(complaints(&[("{{measures}}", "{{measures")]), ["/templates/0/body"]);
    let twice = ("code: conduct_measures", "code: delay_apology");
    assert_eq!(complaints(&[twice]), ["/templates/1/code"]);
    let payments = |changes: &[(&str, &str)]| {
        found(RulesKind::Payments, &shipped(RulesKind::Payments, changes))
    };
    assert_eq!(payments(&[]), [""; 0]);
    assert_eq!(
        payments(&[("second_person_above: ", "second_person_above: -")]),
        ["/second_person_above"]
    );
}

#[test]
fn a_form_that_says_nothing_in_a_language_or_hides_a_field_is_refused() {
    let consignee = "consignee: { type: string, minLength: 1, maxLength: 500 }";
    let with = |more: &str| {
        let to = consignee.replace(" }", &format!(", {more} }}"));
        certificate(&[(consignee, &to)])
    };
    let at = "/form/properties/consignee";
    for (more, pointers) in [
        ("x-title: { vi: Bên nhập khẩu, en: Consignee }", vec![]),
        ("x-description: { vi: Như trên hóa đơn, en: As on the invoice }", vec![]),
        ("x-title: Consignee", vec![format!("{at}/x-title")]),
        ("x-title: { vi: Bên nhập khẩu }", vec![format!("{at}/x-title")]),
        ("x-description: { vi: ' ', en: x }", vec![format!("{at}/x-description")]),
        ("x-enum-titles: {}", vec![format!("{at}/x-enum-titles")]),
    ] {
        assert_eq!(found(RulesKind::Procedure, &with(more)), pointers, "{more}");
    }
    let enumerated = "{ enum: [ID, TH, SG, MY, BN, KH, LA, MM, PH] }";
    let to = enumerated.replace(
        " }",
        ", x-enum-titles: { ID: { vi: In-đô, en: Indonesia }, XX: { vi: a, en: b }, TH: Thái } }",
    );
    let at = "/form/properties/destination/x-enum-titles";
    certificate_with(&[(enumerated, &to)], &[&format!("{at}/XX"), &format!("{at}/TH")]);
    let required = "  required: [exporter, consignee, destination, goods, invoice]\n";
    let order = |names: &str| format!("{required}  x-order: [{names}]\n");
    let all = "invoice, goods, destination, consignee, exporter";
    certificate_with(&[(required, &order(all))], &[]);
    let wrong = order("invoice, invoice, nobody, consignee, exporter, goods");
    certificate_with(
        &[(required, &wrong)],
        &["/form/x-order", "/form/x-order/1", "/form/x-order/2"],
    );
}
