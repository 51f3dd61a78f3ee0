//! Quotas of callers, and the header fields.

use jiff::Timestamp;

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 / 86_400 * 86_400 + seconds).unwrap()
}

fn quotas(own: &str) -> (Quotas, TimeSource) {
    let clock = TimeSource::manual(at(0));
    (Quotas::new(Rules::with(own).unwrap(), clock.clone()), clock)
}

fn caller(subject: &str, role: Role, on_behalf_of: Option<&str>) -> Caller {
    Caller {
        subject: subject.into(),
        roles: vec![role],
        agency: None,
        predecessors: Vec::new(),
        on_behalf_of: on_behalf_of.map(Subject::from),
        mandate: None,
        credential: None,
    }
}

fn applicant(subject: &str) -> Caller {
    caller(subject, Role::Applicant, None)
}

const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

fn admit(quotas: &Quotas, caller: &Caller, uses: Uses) -> Result<Admission, Exceeded> {
    quotas.admit(Some(caller), HOME, uses)
}

/// Number of consecutive requests that are admitted.
fn let_in(quotas: &Quotas, caller: &Caller, uses: Uses, tries: usize) -> usize {
    let granted = |admission: Admission| admission.answered(true, &mut HeaderMap::new());
    (0..tries).filter(|_| admit(quotas, caller, uses).map(granted).is_ok()).count()
}

#[test]
fn an_applicant_takes_sixty_steps_a_minute_and_others_are_not_concerned() {
    let (quotas, clock) = quotas("");
    assert_eq!(let_in(&quotas, &applicant("a1"), Uses::Step, 100), 60);
    let refused = admit(&quotas, &applicant("a1"), Uses::Step).unwrap_err();
    assert_eq!((refused.policies, refused.wait.as_secs()), (vec!["steps"], 65));
    assert_eq!(let_in(&quotas, &applicant("a1"), Uses::Read, 1), 1, "reads are another matter");
    assert_eq!(let_in(&quotas, &applicant("a2"), Uses::Step, 1), 1);
    clock.advance_to(at(65));
    assert_eq!(let_in(&quotas, &applicant("a1"), Uses::Step, 100), 60);
}

#[test]
fn a_representative_may_do_ten_times_as_much_and_is_counted_apart() {
    let (quotas, _) = quotas("");
    let representative = caller("r1", Role::Applicant, Some("a1"));
    assert_eq!(let_in(&quotas, &representative, Uses::Step, 1_000), 600);
    assert_eq!(let_in(&quotas, &applicant("r1"), Uses::Step, 100), 60);
    assert_eq!(let_in(&quotas, &caller("r2", Role::Applicant, Some("a1")), Uses::Step, 1), 1);
}

#[test]
fn two_hundred_filings_a_day_count_and_those_that_were_refused_do_not() {
    let (quotas, clock) = quotas("applicant: { steps: { count: 100000 } }");
    let mut headers = HeaderMap::new();
    for granted in [false, true].into_iter().cycle().take(400) {
        let admission = admit(&quotas, &applicant("a1"), Uses::Submission).unwrap();
        admission.answered(granted, &mut headers);
    }
    let refused = admit(&quotas, &applicant("a1"), Uses::Submission).unwrap_err();
    assert_eq!(refused.policies, ["submissions"]);
    assert!(admit(&quotas, &applicant("a1"), Uses::Step).is_ok());
    clock.advance_to(at(86_400 - 1));
    assert_eq!(let_in(&quotas, &applicant("a1"), Uses::Submission, 1), 0, "no midnight between");
    clock.advance_to(at(86_400 + 7_200));
    assert_eq!(let_in(&quotas, &applicant("a1"), Uses::Submission, 1), 1);
}

#[test]
fn uploads_are_counted_in_bytes_and_by_what_is_unfinished() {
    let (quotas, _) = quotas("");
    let upload = |bytes, unfinished| Uses::Upload { bytes, unfinished };
    let large = 50 * 1024 * 1024;
    assert_eq!(let_in(&quotas, &applicant("a1"), upload(large, 0), 100), 20);
    let refused = admit(&quotas, &applicant("a1"), upload(large, 120)).unwrap_err();
    assert_eq!(refused.policies, ["uploaded-bytes", "unfinished-uploads"]);
    let refused = admit(&quotas, &applicant("a2"), upload(1, 120)).unwrap_err();
    assert_eq!(refused.policies, ["unfinished-uploads"]);
    assert!(admit(&quotas, &applicant("a2"), upload(1, 119)).is_ok());
    let representative = caller("r1", Role::Applicant, Some("a1"));
    assert!(admit(&quotas, &representative, upload(1, 1199)).is_ok());
}

#[test]
fn a_refused_upload_uses_no_bytes_and_says_so() {
    let (quotas, _) = quotas("applicant: { uploaded_bytes: { count: 1000, seconds: 60 } }");
    let upload = Uses::Upload { bytes: 900, unfinished: 0 };
    for (granted, left) in [(false, 1000), (false, 1000), (true, 100)] {
        let mut headers = HeaderMap::new();
        admit(&quotas, &applicant("a1"), upload).unwrap().answered(granted, &mut headers);
        let shown = headers["ratelimit"].to_str().unwrap();
        assert!(shown.starts_with(&format!("\"uploaded-bytes\";r={left}")), "{shown}");
    }
    assert!(admit(&quotas, &applicant("a1"), upload).is_err());
}

#[test]
fn an_officer_has_so_many_requests_in_flight_and_no_more() {
    let (quotas, _) = quotas("officer: { in_flight: 3 }");
    let officer = caller("o1", Role::Auditor, None);
    let mut flying: Vec<Admission> =
        (0..3).map(|_| admit(&quotas, &officer, Uses::Read).unwrap()).collect();
    let refused = admit(&quotas, &officer, Uses::Step).unwrap_err();
    assert_eq!((refused.policies, refused.wait.as_secs()), (vec!["requests-in-flight"], 1));
    assert!(admit(&quotas, &caller("o2", Role::Auditor, None), Uses::Read).is_ok());
    flying.pop();
    assert_eq!(let_in(&quotas, &officer, Uses::Step, 1_000), 1_000, "one after the other");
    drop(flying);
    assert!(lock(&quotas.counted).in_flight.is_empty(), "nothing is kept of who is gone");
}

#[test]
fn look_ups_are_counted_by_address_and_a_household_is_one() {
    let (quotas, clock) = quotas("");
    let look_up = |from: &str| quotas.admit(None, from.parse().unwrap(), Uses::LookUp).is_ok();
    let let_in = |from: &str| (0..100).filter(|_| look_up(from)).count();
    assert_eq!(let_in("198.51.100.7"), 60);
    assert_eq!(let_in("::ffff:198.51.100.7"), 0, "the same, written otherwise");
    assert_eq!(let_in("198.51.100.8"), 60);
    assert_eq!(let_in("2001:db8:1:1::1"), 60);
    assert_eq!(let_in("2001:db8:1:1:ffff::2"), 0);
    assert_eq!(let_in("2001:db8:1:2::1"), 60);
    let mut in_a_day = 60;
    for minute in 1..24 * 60 {
        clock.advance_to(at(65 * minute));
        in_a_day += if 65 * minute < 86_400 { let_in("198.51.100.7") } else { 0 };
    }
    assert_eq!(in_a_day, 2_000);
}

#[test]
fn what_is_left_is_said_as_the_draft_says_it() {
    let (quotas, _) = quotas("");
    let shown = |admission: Admission| {
        let mut headers = HeaderMap::new();
        admission.answered(true, &mut headers);
        let text = |name: &str| headers.get(name).map(|v| v.to_str().unwrap().to_owned());
        (text("ratelimit-policy"), text("ratelimit"))
    };
    let some = |policy: &str, limit: &str| (Some(policy.to_owned()), Some(limit.to_owned()));
    assert_eq!(
        shown(admit(&quotas, &applicant("a1"), Uses::Submission).unwrap()),
        some(
            "\"steps\";q=60;w=60, \"submissions\";q=200;w=86400",
            "\"steps\";r=59;t=65, \"submissions\";r=199;t=93600"
        )
    );
    let upload = Uses::Upload { bytes: 10, unfinished: 3 };
    assert_eq!(
        shown(admit(&quotas, &applicant("a1"), upload).unwrap()),
        some(
            "\"uploaded-bytes\";q=1073741824;qu=\"content-bytes\";w=86400, \"unfinished-uploads\";q=120",
            "\"uploaded-bytes\";r=1073741814;t=93600, \"unfinished-uploads\";r=116"
        )
    );
    assert_eq!(
        shown(admit(&quotas, &caller("o1", Role::Clerk, None), Uses::Step).unwrap()),
        some(
            "\"requests-in-flight\";q=1024;qu=\"concurrent-requests\"",
            "\"requests-in-flight\";r=1023"
        )
    );
    assert_eq!(shown(quotas.admit(None, HOME, Uses::Nothing).unwrap()), (None, None));
}

#[test]
fn no_more_callers_are_remembered_than_may_be() {
    let (quotas, _) = quotas("");
    for n in 0..QUOTA_CALLERS_MAX.get() + 10 {
        admit(&quotas, &applicant(&format!("a{n}")), Uses::Step).unwrap();
    }
    assert_eq!(lock(&quotas.counted).used.len(), QUOTA_CALLERS_MAX.get());
}
