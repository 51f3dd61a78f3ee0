//! Who may do what. Each step and each query names its [`May`]s; one function decides for all of them.

use crate::contract::{Actor, AgencyCode, Brief, Role, Subject};

/// Over which dossiers a role reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Those whose applicant or representative the caller is.
    Own,
    /// Those of the caller's agency and the agencies below it.
    Agency,
    /// Those about which the caller's agency was asked for its opinion.
    Consulted,
    /// All.
    Any,
}

/// One way of being allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct May {
    /// In this role …
    pub role: Role,
    /// … over these dossiers.
    pub scope: Scope,
}

/// `role` over all of its own dossiers.
#[must_use]
pub const fn own(role: Role) -> May {
    May { role, scope: Scope::Own }
}

/// `role` over the dossiers of its agency.
#[must_use]
pub const fn agency(role: Role) -> May {
    May { role, scope: Scope::Agency }
}

/// `role` over what its agency was asked about.
#[must_use]
pub const fn consulted(role: Role) -> May {
    May { role, scope: Scope::Consulted }
}

/// `role` over everything.
#[must_use]
pub const fn any(role: Role) -> May {
    May { role, scope: Scope::Any }
}

/// Who asks, as the token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The subject.
    pub subject: Subject,
    /// The roles, at least one.
    pub roles: Vec<Role>,
    /// The agency of an officer.
    pub agency: Option<AgencyCode>,
    /// The agencies from which that one has taken over.
    pub predecessors: Vec<AgencyCode>,
    /// The person for whom a representative acts.
    pub on_behalf_of: Option<Subject>,
}

/// Whose the thing is that somebody wants to read or change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resource {
    /// The applicant and whoever represents the applicant.
    pub owners: Vec<Subject>,
    /// The agencies that have to do with it.
    pub agencies: Vec<AgencyCode>,
    /// The agencies that were asked for their opinion: they reach it as consulted ones, and as nothing else.
    pub consulted: Vec<AgencyCode>,
}

impl Brief {
    /// Whose the dossier is.
    #[must_use]
    pub fn resource(&self) -> Resource {
        let owners = std::iter::once(&self.applicant).chain(&self.representative);
        Resource {
            owners: owners.cloned().collect(),
            agencies: vec![self.agency.clone()],
            consulted: Vec::new(),
        }
    }
}

/// Why somebody may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// None of the caller's roles does this at all.
    Role,
    /// A role does, but not over this one. Whether it exists must not be told.
    Scope,
}

/// The capacity in which `caller` may do what `mays` allow, over `resource` if there is one yet.
///
/// Called without a resource before anything is read, and with it before anything is decided or shown.
pub fn decide(caller: &Caller, mays: &[May], resource: Option<&Resource>) -> Result<Actor, Denied> {
    let mut held = mays.iter().filter(|may| caller.roles.contains(&may.role)).peekable();
    if held.peek().is_none() {
        return Err(Denied::Role);
    }
    let role = held
        .find(|may| resource.is_none_or(|resource| reaches(caller, may.scope, resource)))
        .map(|may| may.role)
        .ok_or(Denied::Scope)?;
    Ok(Actor {
        subject: caller.subject.clone(),
        role,
        agency: caller.agency.clone(),
        on_behalf_of: caller.on_behalf_of.clone(),
    })
}

fn reaches(caller: &Caller, scope: Scope, resource: &Resource) -> bool {
    let covers_one_of = |agencies: &[AgencyCode]| {
        let mut own = caller.agency.iter().chain(&caller.predecessors);
        own.any(|own| agencies.iter().any(|agency| own.covers(agency)))
    };
    match scope {
        Scope::Any => true,
        Scope::Own => resource.owners.contains(&caller.subject),
        Scope::Agency => covers_one_of(&resource.agencies),
        Scope::Consulted => covers_one_of(&resource.consulted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(role: Role, agency: Option<&str>) -> Caller {
        Caller {
            subject: "u1".into(),
            roles: vec![role],
            agency: agency.map(Into::into),
            predecessors: Vec::new(),
            on_behalf_of: None,
        }
    }

    fn resource() -> Resource {
        Resource {
            owners: vec!["u1".into()],
            agencies: vec!["G02.001".into()],
            consulted: vec!["H01".into()],
        }
    }

    #[test]
    fn a_role_that_is_not_named_is_denied_before_anything_is_read() {
        let mays = [agency(Role::Clerk)];
        assert_eq!(decide(&caller(Role::Applicant, None), &mays, None), Err(Denied::Role));
    }

    #[test]
    fn an_applicant_reaches_only_what_is_their_own() {
        let mays = [own(Role::Applicant)];
        assert!(decide(&caller(Role::Applicant, None), &mays, Some(&resource())).is_ok());
        let other = Resource { owners: vec!["u2".into()], ..resource() };
        assert_eq!(decide(&caller(Role::Applicant, None), &mays, Some(&other)), Err(Denied::Scope));
    }

    #[test]
    fn an_officer_reaches_the_agency_and_what_stands_below_it() {
        let mays = [agency(Role::Clerk)];
        for (code, reached) in
            [("G02", true), ("G02.001", true), ("G02.002", false), ("H01", false)]
        {
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
    fn the_actor_is_recorded_in_the_role_that_allowed_it() {
        let mut both = caller(Role::Applicant, Some("H01"));
        both.roles.push(Role::Auditor);
        let mays = [own(Role::Clerk), any(Role::Auditor), own(Role::Applicant)];
        assert_eq!(decide(&both, &mays, Some(&resource())).unwrap().role, Role::Auditor);
    }
}
