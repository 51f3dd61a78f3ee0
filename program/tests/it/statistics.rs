//! Figures through HTTP, compared with a small world whose answers are computed here from what was
//! done, by plain counting.

use dossier::contract::Role;
use jiff::civil::{Date, date};
use serde_json::{Value, json};

use crate::life::take;
use crate::support::{Office, energy_label};

/// What was done with a dossier, by local days.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Story {
    submitted: Date,
    /// Five working days later; 24 November is a holiday.
    due: Date,
    ended: Option<(Date, End)>,
    agency: &'static str,
    business: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Decided,
    Withdrawn,
    NotAccepted,
}

impl Story {
    fn open(&self, on: Date) -> bool {
        self.submitted <= on && self.ended.is_none_or(|(ended, _)| ended > on)
    }

    fn settled(&self, from: Date, to: Date) -> bool {
        let settled = |(day, end): (Date, End)| end != End::NotAccepted && from <= day && day <= to;
        self.ended.is_some_and(settled)
    }
}

const FRIDAY: Date = date(2026, 11, 20);
const MONDAY: Date = date(2026, 11, 23);
const DUE: Date = date(2026, 11, 30);
const DECEMBER: Date = date(2026, 12, 1);

/// Seven notices of energy labels at two agencies, around the end of November.
pub(crate) const STORIES: [(&str, Story); 7] = {
    const fn story(submitted: Date, due: Date, ended: Option<(Date, End)>) -> Story {
        Story { submitted, due, ended, agency: "G02.002", business: false }
    }
    let second = Story { agency: "G02.003", ..story(DUE, date(2026, 12, 7), None) };
    [
        (
            "0101234565",
            Story { business: true, ..story(FRIDAY, DUE, Some((MONDAY, End::Decided))) },
        ),
        ("a2", story(FRIDAY, DUE, Some((DUE, End::Decided)))),
        ("a3", story(FRIDAY, DUE, Some((DECEMBER, End::Decided)))),
        ("a4", story(FRIDAY, DUE, None)),
        ("a5", story(DUE, date(2026, 12, 7), Some((DECEMBER, End::Withdrawn)))),
        ("a5", second),
        ("a6", story(DECEMBER, date(2026, 12, 8), Some((DECEMBER, End::NotAccepted)))),
    ]
};

/// Lives the stories and stops on 2 December 2026.
pub(crate) async fn world() -> Office {
    let mut office = Office::open().await;
    let mut dossiers: Vec<Option<String>> = vec![None; STORIES.len()];
    for day in [FRIDAY, MONDAY, DUE, DECEMBER] {
        let morning = format!("{day}T09:00");
        if day != FRIDAY {
            office.wait_until(&morning).await;
        }
        for (at, (who, story)) in dossiers.iter_mut().zip(&STORIES) {
            if story.submitted == day {
                *at = Some(submit(&mut office, who, story.agency).await);
            }
            let Some(dossier) = at.clone() else { continue };
            if let Some((_, end)) = story.ended.filter(|(ended, _)| *ended == day) {
                finish(&mut office, (&dossier, who), story, end).await;
            } else if story.submitted == day {
                accept(&mut office, &dossier).await;
            }
        }
    }
    office.wait_until("2026-12-02T09:00").await;
    office
}

pub(crate) async fn submit(office: &mut Office, who: &str, agency: &str) -> String {
    let applicant = office.applicant(who);
    let mut body = energy_label(&office.browser, &applicant).await;
    body["agency"] = json!(agency);
    let dossier = office.browser.post("/v1/dossiers", &applicant, "", body).await.granted();
    office.settle().await;
    dossier["id"].as_str().unwrap().to_owned()
}

async fn accept(office: &mut Office, dossier: &str) {
    let (address, clerk) = (format!("/v1/dossiers/{dossier}"), office.clerk());
    take(office, &address, "acceptance", &clerk, json!({})).await.granted();
}

async fn finish(office: &mut Office, (dossier, who): (&str, &str), story: &Story, end: End) {
    let address = format!("/v1/dossiers/{dossier}");
    match end {
        End::Withdrawn => {
            let applicant = office.applicant(who);
            take(office, &address, "withdrawal", &applicant, json!({})).await.granted();
        }
        End::NotAccepted => {
            let clerk = office.clerk();
            let refusal = json!({ "reason": "không thuộc thẩm quyền" });
            take(office, &address, "refusal", &clerk, refusal).await.granted();
        }
        End::Decided => {
            let review = format!("/v1/reviews/{dossier}");
            let reviewer = office.token(Role::Reviewer, "r1", story.agency);
            take(office, &review, "claim", &reviewer, json!({})).await.granted();
            let done = json!({ "activity": "registration" });
            take(office, &review, "activities", &reviewer, done).await.granted();
            let proposal = json!({ "outcome": "approved", "reason": "đủ điều kiện" });
            take(office, &review, "decision-proposals", &reviewer, proposal).await.granted();
        }
    }
}

pub(crate) async fn figures(office: &Office, query: &str) -> Value {
    let auditor = office.token(Role::Auditor, "au", "G02");
    let address = format!("/v1/register/statistics?{query}");
    office.browser.get(&address, &auditor).await.granted()
}

/// Compares the named figures with numbers.
#[track_caller]
fn are(figures: &Value, expected: &[(&str, usize)]) {
    for (name, number) in expected {
        assert_eq!(figures[name], *number, "{name} in {figures}");
    }
}

fn count(chosen: impl Fn(&Story) -> bool) -> usize {
    STORIES.iter().filter(|(_, story)| chosen(story)).count()
}

/// The figures of a period of handling, by plain counting.
fn expected(from: Date, to: Date, of: impl Fn(&Story) -> bool) -> Vec<(&'static str, usize)> {
    let before = from.yesterday().unwrap();
    let settled = |story: &Story| of(story) && story.settled(from, to);
    let ended = |story: &Story| story.ended.map(|(day, _)| day);
    let carried = count(|story| of(story) && story.open(before));
    let received = count(|story| of(story) && from <= story.submitted && story.submitted <= to);
    vec![
        ("dossiers", carried + received),
        ("carried_over", carried),
        ("handled", count(|s| of(s) && ended(s).is_some_and(|day| from <= day && day <= to))),
        ("settled", count(settled)),
        ("early", count(|story| settled(story) && ended(story) < Some(story.due))),
        ("on_time", count(|story| settled(story) && ended(story) == Some(story.due))),
        ("late", count(|story| settled(story) && ended(story) > Some(story.due))),
        ("open", count(|story| of(story) && story.open(to))),
        ("overdue_open", count(|story| of(story) && story.open(to) && story.due < to)),
    ]
}

#[tokio::test]
async fn dossiers_are_counted_by_the_period_of_their_handling_with_those_carried_over() {
    let office = world().await;
    for (from, to) in [
        (FRIDAY, DUE),
        (DECEMBER, date(2026, 12, 2)),
        (DUE, DUE),
        (date(2026, 1, 1), DECEMBER),
        (date(2026, 11, 21), date(2026, 11, 29)),
    ] {
        let found = figures(&office, &format!("period=handled&from={from}&to={to}")).await;
        are(&found, &expected(from, to, |_| true));
        let number = |name: &str| found[name].as_u64().unwrap();
        assert_eq!(number("dossiers"), number("handled") + number("open"), "{found}");
    }
    let both = figures(&office, "period=handled&from=2026-11-01&to=2026-12-01").await;
    let in_time = json!({ "numerator": 3, "denominator": 4, "percent": 75.0 });
    assert_eq!(both["in_time"], in_time);
    let none = figures(&office, "period=handled&from=2026-01-01&to=2026-01-31").await;
    let nothing = json!({ "numerator": 0, "denominator": 0, "percent": null });
    assert_eq!((&none["in_time"], &none["settled_online"]), (&nothing, &nothing));
}

#[tokio::test]
async fn dossiers_are_counted_by_submission_on_local_days_or_between_instants() {
    let office = world().await;
    let all = figures(&office, "").await;
    are(&all, &[("dossiers", 7), ("handled", 5), ("settled", 4), ("not_accepted", 1)]);
    are(&all, &[("open", 2), ("processing", 2), ("suspended", 0), ("overdue_open", 1)]);
    are(&all, &[("accounts", 6), ("applicants", 6), ("firms", 1)]);
    are(&all, &[("business_dossiers", count(|story| story.business))]);
    let friday = figures(&office, "from=2026-11-20&to=2026-11-20").await;
    are(&friday, &[("dossiers", 4), ("early", 1), ("on_time", 1), ("late", 1)]);
    // The same by instants, of which the last is outside.
    let instants = "from=2026-11-19T17:00:00Z&to=2026-11-20T17:00:00Z";
    are(&figures(&office, instants).await, &[("dossiers", 4)]);
    let narrow = "from=2026-11-20T02:00:00Z&to=2026-11-20T02:00:00Z";
    are(&figures(&office, narrow).await, &[("dossiers", 0)]);
    let business = figures(&office, "audience=business").await;
    are(&business, &[("dossiers", 1), ("early", 1)]);
    let auditor = office.token(Role::Auditor, "au", "G02");
    for wrong in
        ["from=yesterday", "from=2026-12-02&to=2026-12-01", "group_by=colour", "period=decided"]
    {
        let address = format!("/v1/register/statistics?{wrong}");
        let refused = office.browser.get(&address, &auditor).await;
        assert_eq!(refused.refused(), (400, "query-invalid"), "{wrong}");
    }
}

#[tokio::test]
async fn groups_have_the_figures_that_the_same_filter_gives_and_come_in_pages() {
    let office = world().await;
    let period = "period=handled&from=2026-11-20&to=2026-12-02";
    let by = figures(&office, &format!("{period}&group_by=agency")).await;
    let groups = by["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 2, "{groups:?}");
    for group in groups {
        let key = group["key"].as_str().unwrap();
        let of = |story: &Story| story.agency == key;
        are(group, &expected(FRIDAY, date(2026, 12, 2), of));
        let alone = figures(&office, &format!("{period}&agency={key}")).await;
        for (name, value) in group.as_object().unwrap() {
            let own = ["key", "name"].contains(&name.as_str());
            assert!(own || alone[name] == *value, "{name} of {key}: {value}, {}", alone[name]);
        }
    }
    assert_eq!(groups[0]["name"]["en"], "Chemicals Agency");
    let months = figures(&office, &format!("{period}&group_by=month")).await;
    let keys: Vec<_> = months["groups"].as_array().unwrap().iter().map(|g| &g["key"]).collect();
    assert_eq!(keys, ["2026-11", "2026-12"]);
    are(&months["groups"][0], &[("settled", 2), ("early", 1), ("late", 0)]);
    are(&months["groups"][1], &[("settled", 2), ("early", 1), ("late", 1)]);
    let officers = figures(&office, "group_by=officer").await;
    assert_eq!(officers["groups"][0]["key"], "", "nobody has the others");
    are(&officers["groups"][1], &[("dossiers", 3), ("early", 1), ("on_time", 1), ("late", 1)]);
    assert_eq!(officers["groups"][1]["services"], Value::Null);

    let auditor = office.token(Role::Auditor, "au", "G02");
    let first = "/v1/register/statistics?group_by=agency&limit=1";
    let answer = office.browser.get(first, &auditor).await;
    let next = answer.header("link");
    let next = next.trim_start_matches('<').split('>').next().unwrap().to_owned();
    let second = office.browser.get(&next, &auditor).await;
    assert_eq!(second.body["groups"][0]["key"], "G02.003");
    assert_eq!(second.body["dossiers"], 7, "the figures of all are on each page");
    let other = next.replace("group_by=agency", "group_by=procedure");
    assert_eq!(office.browser.get(&other, &auditor).await.refused(), (400, "query-invalid"));
}

/// The codes of all pages of the list of a figure.
async fn listed(office: &Office, query: &str) -> Vec<String> {
    let auditor = office.token(Role::Auditor, "au", "G02");
    let mut next = format!("/v1/register/statistics/dossiers?limit=2&{query}");
    let mut codes = Vec::new();
    while !next.is_empty() {
        let page = office.browser.get(&next, &auditor).await;
        let link = page.header("link");
        let rows = page.granted();
        let all = rows.as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap());
        codes.extend(all.map(ToOwned::to_owned));
        let target = link.trim_start_matches('<').split('>').next();
        next = target.map(ToOwned::to_owned).unwrap_or_default();
    }
    codes
}

#[tokio::test]
async fn every_figure_lists_as_many_dossiers_as_it_counts_each_once() {
    const OPEN: [&str; 6] =
        ["overdue_open", "due_today", "due_in_week", "due_later", "open_undated", "open_paused"];
    let office = world().await;
    let mut rows = 0;
    for query in ["", "period=handled&from=2026-11-21&to=2026-11-30", "procedure=ENERGY.LABEL"] {
        let found = figures(&office, &format!("group_by=officer&{query}")).await;
        let all = std::iter::once((String::new(), &found));
        let groups = found["groups"].as_array().unwrap().iter().map(|of| {
            let key = of["key"].as_str().unwrap();
            (format!("&group_by=officer&group={key}"), of)
        });
        for (group, of) in all.chain(groups) {
            let counted = [
                "dossiers",
                "carried_over",
                "handled",
                "settled",
                "early",
                "on_time",
                "late",
                "without_deadline",
                "not_accepted",
                "stopped",
                "open",
                "awaiting_acceptance",
                "processing",
                "suspended",
            ];
            for figure in counted.into_iter().chain(OPEN) {
                let codes = listed(&office, &format!("figure={figure}&{query}{group}")).await;
                let distinct: std::collections::BTreeSet<&String> = codes.iter().collect();
                assert_eq!(distinct.len(), codes.len(), "each once");
                assert_eq!(of[figure], codes.len(), "{figure} {query} {group}");
                rows += codes.len();
            }
            let open: u64 = OPEN.iter().map(|figure| of[figure].as_u64().unwrap()).sum();
            assert_eq!(of["open"], open, "{of}");
        }
    }
    assert!(rows > 50, "{rows}");
    let auditor = office.token(Role::Auditor, "au", "G02");
    let without = "/v1/register/statistics/dossiers?group=G02";
    assert_eq!(office.browser.get(without, &auditor).await.refused(), (400, "query-invalid"));
    let reviewer = office.token(Role::Reviewer, "re", "H26");
    let other = "/v1/register/statistics/dossiers?agency=G02";
    assert_eq!(office.browser.get(other, &reviewer).await.refused().0, 404);
}

#[tokio::test]
async fn a_month_of_handling_that_the_period_cuts_lists_what_it_counts() {
    let office = world().await;
    // One was decided on 23 November; another on the 30th, which is after the period.
    let period = "period=handled&from=2026-11-01&to=2026-11-25";
    let found = figures(&office, &format!("{period}&group_by=month")).await;
    let groups = found["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 1, "{groups:?}");
    are(&groups[0], &[("dossiers", 1), ("handled", 1), ("open", 0)]);
    for (figure, rows) in [("dossiers", 1), ("handled", 1), ("open", 0)] {
        let query = format!("figure={figure}&{period}&group_by=month&group=");
        let codes = listed(&office, &format!("{query}2026-11")).await;
        assert_eq!(codes.len(), rows, "{figure}");
        assert!(listed(&office, &query).await.is_empty(), "there is no group of open ones");
    }
}

#[tokio::test]
async fn dossiers_are_grouped_by_the_unit_of_their_officer_and_by_the_level_of_their_service() {
    let mut office = world().await;
    let operator = office.token(Role::Operator, "operator-1", "");
    let unit = json!({ "unit": "PQL", "name": "Phòng Quản lý", "procedures": [],
        "assignment": "none", "from": "2026-11-20" });
    let officer = json!({ "officer": "r1", "name": "Trần B", "unit": "PQL",
        "roles": ["reviewer"], "from": "2026-11-25" });
    for (path, body) in [("units", unit), ("officers", officer)] {
        let address = format!("/v1/directory/G02.002/{path}");
        office.browser.post(&address, &operator, "", body).await.granted();
    }
    office.settle().await;
    let by_unit = figures(&office, "group_by=unit").await;
    let groups = by_unit["groups"].as_array().unwrap();
    let keys: Vec<_> = groups.iter().map(|group| group["key"].as_str().unwrap()).collect();
    // Of the three that r1 decided, one was decided before the officer was in the directory.
    assert_eq!(keys, ["", "G02.002/PQL"]);
    are(&groups[1], &[("dossiers", 2), ("on_time", 1), ("late", 1)]);
    assert_eq!(groups[1]["name"]["vi"], "Phòng Quản lý");
    let codes = listed(&office, "figure=late&group_by=unit&group=G02.002/PQL").await;
    assert_eq!(codes.len(), 1);

    let by_level = figures(&office, "group_by=level").await;
    let groups = by_level["groups"].as_array().unwrap();
    assert_eq!((groups.len(), &groups[0]["key"]), (1, &json!("full")), "{groups:?}");
    assert_eq!(groups[0]["name"], json!({ "vi": "Toàn trình", "en": "Full" }));
    are(&groups[0], &[("dossiers", 7)]);
    let services = &groups[0]["services"];
    assert_eq!(services["used"]["numerator"], 1, "{services}");
    assert_eq!(listed(&office, "group_by=level&group=full").await.len(), 7);
    assert!(listed(&office, "group_by=level&group=partial").await.is_empty());
    let export = "/v1/register/statistics/export?format=csv&group_by=unit";
    let auditor = office.token(Role::Auditor, "au", "G02");
    let (_, _, bytes) = office.browser.raw(export, &auditor, "text/csv").await;
    assert!(String::from_utf8_lossy(&bytes).contains("G02.002/PQL"));
}

#[tokio::test]
async fn shares_of_online_services_count_all_services_in_force_and_say_what_they_cover() {
    let office = world().await;
    let found = figures(&office, "from=2026-11-01&to=2026-11-30").await;
    // Every shipped procedure of the ministry that was in force and open online in November.
    let law = dossier::law::Law::shipped().unwrap();
    let online = |known: &&dossier::law::Procedure| {
        let in_force = (1..=30).map(|day| date(2026, 11, day));
        let mut in_force = in_force.filter_map(|day| law.in_force(&known.code, day));
        known.agency.as_str().starts_with("G02")
            && in_force.any(|version| {
                version.version == known.version
                    && version.channels.contains(&dossier::contract::Channel::Online)
            })
    };
    let services: std::collections::BTreeSet<_> =
        law.procedures().filter(online).map(|known| known.code.clone()).collect();
    assert!(services.len() > 5);
    let used = &found["services"]["used"];
    assert_eq!((&used["numerator"], &used["denominator"]), (&json!(1), &json!(services.len())));
    let coverage = &found["coverage"];
    assert_eq!(coverage["agencies_with_data"], 2, "{coverage}");
    assert_eq!(coverage["procedures_with_data"], 1, "{coverage}");
    assert!(coverage["agencies_without_data"].as_array().unwrap().contains(&json!("G02.001")));
    assert_eq!(coverage["behind"], 0, "{coverage}");
    assert!(coverage["position"].as_u64().unwrap() > 0);
    let by_procedure = figures(&office, "group_by=procedure").await;
    let label = &by_procedure["groups"][0];
    assert_eq!(label["services"]["used"]["percent"], 100.0, "{label}");
    // All four settled ones were filed online, at an online service.
    assert_eq!(label["settled_online"]["percent"], 100.0, "{label}");
}

#[tokio::test]
async fn requests_on_the_last_day_and_outages_declared_afterwards_are_counted() {
    let mut office = Office::open().await;
    let asked = submit(&mut office, "a1", "G02.002").await;
    let moved = submit(&mut office, "a2", "G02.002").await;
    accept(&mut office, &asked).await;
    accept(&mut office, &moved).await;
    office.wait_until("2026-11-27T09:00").await;
    let (clerk, address) = (office.clerk(), format!("/v1/dossiers/{asked}"));
    let missing = json!({ "components": ["test_report"], "reason": "thiếu trang 2" });
    let before = figures(&office, "").await;
    are(&before, &[("supplements", 0), ("supplements_on_last_day", 0)]);
    office.wait_until("2026-11-30T16:00").await;
    take(&mut office, &address, "supplement-requests", &clerk, missing).await.granted();
    let operator = office.token(Role::Operator, "operator-1", "G02");
    // Declared on the day of its beginning, and on the day after it.
    for (now, from, to) in [
        ("2026-11-30T17:00", "11-30T08:00", "11-30T16:30"),
        ("2026-12-01T09:00", "11-30T20:00", "12-01T06:00"),
    ] {
        office.wait_until(now).await;
        let found = figures(&office, "").await;
        are(&found, &[("moved_by_late_outages", 0)]);
        let outage = json!({
            "agency": "G02", "from": format!("2026-{from}:00+07:00"), "to": format!("2026-{to}:00+07:00"),
            "planned": false, "notice_at": format!("2026-{from}:00+07:00"), "reason": "Mất điện",
        });
        office.browser.post("/v1/outages", &operator, "", outage).await.granted();
        office.settle().await;
    }
    let found = figures(&office, "").await;
    are(&found, &[("moved_by_late_outages", 1), ("missed", 0), ("suspended", 1)]);
    are(&found, &[("supplements", 1), ("supplements_on_last_day", 1), ("further_supplements", 0)]);
}

#[tokio::test]
async fn the_figures_of_all_are_the_same_however_they_are_grouped() {
    let office = world().await;
    let names = [
        "agency",
        "receiver",
        "procedure",
        "officer",
        "unit",
        "level",
        "month",
        "channel",
        "audience",
    ];
    for period in ["period=submitted", "period=handled&from=2026-11-20&to=2026-12-02"] {
        let mut alone = figures(&office, period).await;
        assert!(alone["stages"]["processing_mean_s"].as_i64() > Some(0), "{alone}");
        alone["groups"] = Value::Null;
        for by in names {
            let mut grouped = figures(&office, &format!("{period}&group_by={by}")).await;
            assert!(!grouped["groups"].as_array().unwrap().is_empty(), "{by}");
            grouped["groups"] = Value::Null;
            assert_eq!(grouped, alone, "{period} by {by}");
        }
    }
}
