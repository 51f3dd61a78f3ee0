use super::*;

fn caller(role: Role, agency: Option<&str>) -> Caller {
    Caller {
        subject: "o1".into(),
        roles: vec![role],
        agency: agency.map(Into::into),
        predecessors: Vec::new(),
        on_behalf_of: None,
        mandate: None,
        credential: None,
    }
}

fn resource() -> Resource {
    Resource {
        owners: vec!["u1".into()],
        representatives: vec!["u2".into()],
        procedure: Some("CO.D".into()),
        agencies: vec!["G02.001".into()],
        consulted: vec!["H01".into()],
        complained: vec!["H02".into()],
        informed: vec!["H26.101".into()],
        received: vec![("H26.101".into(), vec![ReceiverTask::HandOut])],
        former: Vec::new(),
    }
}

#[test]
fn every_role_of_a_caller_is_one_of_every_role() {
    let roles: Vec<Role> = EVERY_ROLE.iter().map(|may| may.role).collect();
    assert_eq!(roles, Role::CALLERS);
}

#[test]
fn a_role_that_is_not_named_is_denied_before_anything_is_read() {
    let mays = [agency(Role::Clerk)];
    assert_eq!(decide(&caller(Role::Applicant, None), &mays, None), Err(Denied::Role));
}

/// A caller with the role of applicant, acting for `on_behalf_of`.
fn applicant(subject: &str, on_behalf_of: Option<&str>) -> Caller {
    let (subject, on_behalf_of) = (subject.into(), on_behalf_of.map(Into::into));
    Caller { subject, on_behalf_of, ..caller(Role::Applicant, None) }
}

fn reached_by(caller: &Caller) -> bool {
    decide(caller, &[own(Role::Applicant)], Some(&resource())).is_ok()
}

#[test]
fn an_applicant_reaches_only_what_is_their_own() {
    assert!(reached_by(&applicant("u1", None)));
    assert!(!reached_by(&applicant("u3", None)));
}

#[test]
fn everybody_who_acts_for_the_applicant_reaches_it_and_nobody_any_more_whose_mandate_has_ended() {
    assert!(reached_by(&applicant("u2", Some("u1"))), "who filed it");
    assert!(reached_by(&applicant("u3", Some("u1"))), "a colleague");
    assert!(!reached_by(&applicant("u2", None)), "who filed it, later");
    assert!(!reached_by(&applicant("u2", Some("u9"))), "who filed it, for somebody else");
    assert!(!reached_by(&applicant("u1", Some("u9"))), "the applicant, for somebody else");
}

#[test]
fn a_mandate_for_some_procedures_reaches_their_dossiers_and_what_belongs_to_none_is_not_covered() {
    let under = |procedures: &[&str]| {
        let mandate = MandateId(uuid::Uuid::from_u128(1));
        let procedures = procedures.iter().map(|code| (*code).into()).collect();
        let mandate = Some(UnderMandate { mandate, procedures });
        Caller { mandate, ..applicant("u2", Some("u1")) }
    };
    assert!(reached_by(&under(&[])));
    assert!(reached_by(&under(&["ENERGY.LABEL", "CO.D"])));
    assert!(!reached_by(&under(&["ENERGY.LABEL"])));
    let of_none = Resource { procedure: None, ..resource() };
    let reach = |caller| decide(&caller, &[own(Role::Applicant)], Some(&of_none)).is_ok();
    assert!(reach(under(&[])) && !reach(under(&["CO.D"])));
    let actor = decide(&under(&[]), &[own(Role::Applicant)], None).unwrap();
    assert_eq!(actor.mandate, Some(MandateId(uuid::Uuid::from_u128(1))));
}

#[test]
fn nobody_works_or_decides_on_a_matter_to_which_they_are_a_party() {
    let parties = [applicant("u1", None), applicant("u2", None), applicant("o1", Some("u1"))];
    for party in parties {
        for role in Role::CALLERS {
            if matches!(role, Role::Applicant | Role::PaymentProvider | Role::Carrier) {
                continue;
            }
            let agency = Some("G02".into());
            let officer = Caller { roles: vec![role], agency, ..party.clone() };
            for may in [super::agency(role), any(role)] {
                let refused = decide(&officer, &[may], Some(&resource()));
                assert_eq!(refused, Err(Denied::Party), "{role:?} as {party:?}");
            }
        }
    }
    let consultee = Caller { agency: Some("H01".into()), ..applicant("u1", None) };
    let consultee = Caller { roles: vec![Role::Consultee], ..consultee };
    let refused = decide(&consultee, &[consulted(Role::Consultee)], Some(&resource()));
    assert_eq!(refused, Err(Denied::Party));
}

#[test]
fn an_officer_reaches_a_dossier_of_their_own_as_its_applicant() {
    let roles = vec![Role::Approver, Role::Applicant];
    let agency = Some("G02".into());
    let both = Caller { roles, agency, ..applicant("u1", None) };
    let mays = [super::agency(Role::Approver), own(Role::Applicant)];
    assert_eq!(decide(&both, &mays, Some(&resource())).unwrap().role, Role::Applicant);
}

#[test]
fn a_partner_says_what_it_knows_also_of_a_dossier_of_its_own() {
    for role in [Role::PaymentProvider, Role::Carrier] {
        let partner = Caller { roles: vec![role], ..applicant("u1", None) };
        assert!(decide(&partner, &[any(role)], Some(&resource())).is_ok(), "{role:?}");
    }
}

#[test]
fn a_party_out_of_reach_learns_no_more_than_a_stranger() {
    let elsewhere = Caller { agency: Some("H26".into()), ..applicant("u1", None) };
    let elsewhere = Caller { roles: vec![Role::Clerk], ..elsewhere };
    let refused = decide(&elsewhere, &[agency(Role::Clerk)], Some(&resource()));
    assert_eq!(refused, Err(Denied::Scope));
}

#[test]
fn a_caller_without_a_role_that_is_known_here_may_do_nothing() {
    let nobody = Caller { roles: Vec::new(), ..applicant("u1", None) };
    assert_eq!(decide(&nobody, &[own(Role::Applicant)], None), Err(Denied::Role));
}

#[test]
fn an_officer_reaches_the_agency_and_what_stands_below_it() {
    let mays = [agency(Role::Clerk)];
    for (code, reached) in [("G02", true), ("G02.001", true), ("G02.002", false), ("H01", false)] {
        let denied = decide(&caller(Role::Clerk, Some(code)), &mays, Some(&resource()));
        assert_eq!(denied.is_ok(), reached, "{code}");
    }
    let without = decide(&caller(Role::Clerk, None), &mays, Some(&resource()));
    assert_eq!(without, Err(Denied::Scope));
}

#[test]
fn an_officer_reaches_what_the_agency_has_taken_over() {
    let mut successor = caller(Role::Clerk, Some("G02.005"));
    let reaches = |caller: &Caller| decide(caller, &[agency(Role::Clerk)], Some(&resource()));
    assert_eq!(reaches(&successor), Err(Denied::Scope));
    successor.predecessors.push("G02.001".into());
    assert!(reaches(&successor).is_ok());
}

#[test]
fn a_consulted_agency_reaches_it_as_a_consulted_one_and_as_nothing_else() {
    let decided = |role, may| decide(&caller(role, Some("H01")), &[may], Some(&resource()));
    assert!(decided(Role::Consultee, consulted(Role::Consultee)).is_ok());
    assert_eq!(decided(Role::Approver, agency(Role::Approver)), Err(Denied::Scope));
}

#[test]
fn a_receiver_reads_and_does_its_own_tasks_and_nothing_else() {
    let decided =
        |agency, may| decide(&caller(Role::Clerk, Some(agency)), &[may], Some(&resource())).is_ok();
    assert!(decided("H26.101", informed(Role::Clerk)));
    assert!(decided("H26.101", received(Role::Clerk, ReceiverTask::HandOut)));
    assert!(decided("H26", received(Role::Clerk, ReceiverTask::HandOut)), "above it");
    assert!(!decided("H26.101", received(Role::Clerk, ReceiverTask::Accept)));
    assert!(!decided("H26.101", agency(Role::Clerk)));
    assert!(!decided("H26.102", informed(Role::Clerk)));
    assert!(!decided("G02.001", received(Role::Clerk, ReceiverTask::HandOut)));
}

#[test]
fn an_agency_that_deals_with_a_complaint_reaches_it_as_such_and_as_nothing_else() {
    let decided = |agency, may| {
        let caller = caller(Role::ComplaintHandler, Some(agency));
        decide(&caller, &[may], Some(&resource()))
    };
    assert!(decided("H02", complained(Role::ComplaintHandler)).is_ok());
    assert_eq!(decided("H02", agency(Role::ComplaintHandler)), Err(Denied::Scope));
    assert_eq!(decided("H01", complained(Role::ComplaintHandler)), Err(Denied::Scope));
    assert_eq!(decided("G02", complained(Role::ComplaintHandler)), Err(Denied::Scope));
}

#[test]
fn the_actor_is_recorded_in_the_role_that_allowed_it() {
    let mut both = caller(Role::Applicant, Some("H01"));
    both.roles.push(Role::Auditor);
    let mays = [own(Role::Clerk), any(Role::Auditor), own(Role::Applicant)];
    assert_eq!(decide(&both, &mays, Some(&resource())).unwrap().role, Role::Auditor);
}
