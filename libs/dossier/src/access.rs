//! Authorisation. Each step and each query lists its [`May`]s; [`decide`] decides for all of them.

use crate::contract::{
    Actor, AgencyCode, Brief, CredentialId, MandateId, ProcedureCode, ReceiverTask, Role, Subject,
};

/// The dossiers to which a role's permission extends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Dossiers whose applicant is the caller, or the person for whom the caller acts.
    Own,
    /// Dossiers of the caller's agency and the agencies below it.
    Agency,
    /// Dossiers on which the caller's agency is consulted.
    Consulted,
    /// Dossiers with a complaint that the caller's agency handles.
    Complained,
    /// Dossiers of which the caller's agency is informed: it received them for the deciding agency,
    /// or decides on them while the fee stays with the agency that received it. For reading.
    Informed,
    /// Dossiers that the caller's agency received for the deciding one, with this task.
    Received(ReceiverTask),
    /// All dossiers.
    Any,
}

/// A permission: a role, and the dossiers to which it extends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct May {
    pub role: Role,
    pub scope: Scope,
}

/// Permits `role` for its own dossiers.
#[must_use]
pub const fn own(role: Role) -> May {
    May { role, scope: Scope::Own }
}

/// Permits `role` for the dossiers of its agency.
#[must_use]
pub const fn agency(role: Role) -> May {
    May { role, scope: Scope::Agency }
}

/// Permits `role` for dossiers on which its agency is consulted.
#[must_use]
pub const fn consulted(role: Role) -> May {
    May { role, scope: Scope::Consulted }
}

/// Permits `role` for dossiers with a complaint that its agency handles.
#[must_use]
pub const fn complained(role: Role) -> May {
    May { role, scope: Scope::Complained }
}

/// Permits `role` for dossiers of which its agency is informed.
#[must_use]
pub const fn informed(role: Role) -> May {
    May { role, scope: Scope::Informed }
}

/// Permits `role` for dossiers that its agency received with this task.
#[must_use]
pub const fn received(role: Role, task: ReceiverTask) -> May {
    May { role, scope: Scope::Received(task) }
}

/// Permits `role` for all dossiers.
#[must_use]
pub const fn any(role: Role) -> May {
    May { role, scope: Scope::Any }
}

/// Permits every role, for what concerns the caller alone.
pub const EVERY_ROLE: &[May] = &[
    own(Role::Applicant),
    any(Role::Clerk),
    any(Role::Reviewer),
    any(Role::Approver),
    any(Role::Cashier),
    any(Role::Consultee),
    any(Role::Carrier),
    any(Role::PaymentProvider),
    any(Role::ComplaintHandler),
    any(Role::Auditor),
    any(Role::Operator),
];

/// The caller, as described by the token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub subject: Subject,
    /// The known roles of the token; without any, the caller may do nothing.
    pub roles: Vec<Role>,
    /// The agency of an officer.
    pub agency: Option<AgencyCode>,
    /// The agencies whose successor `agency` is.
    pub predecessors: Vec<AgencyCode>,
    /// The person or firm for whom a representative acts.
    pub on_behalf_of: Option<Subject>,
    /// The recorded mandate by which the caller acts for `on_behalf_of`; absent if the token names
    /// that party itself.
    pub mandate: Option<UnderMandate>,
    /// The credential by which a program acts for its firm.
    pub credential: Option<CredentialId>,
}

/// A recorded mandate that is in force and that the caller has invoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnderMandate {
    pub mandate: MandateId,
    /// The procedures that it covers; all if empty.
    pub procedures: Vec<ProcedureCode>,
}

impl UnderMandate {
    /// Whether it covers what belongs to this procedure. What belongs to none, for example a
    /// complaint about no dossier, is covered only by a mandate for all procedures.
    #[must_use]
    pub fn covers(&self, procedure: Option<&ProcedureCode>) -> bool {
        self.procedures.is_empty()
            || procedure.is_some_and(|procedure| self.procedures.contains(procedure))
    }
}

impl Caller {
    /// The party for whom the caller acts as an applicant: the represented person while the token
    /// names one, otherwise the caller. All representatives of a firm therefore have access to all
    /// of its dossiers, whoever filed them, and lose it when their mandate ends.
    #[must_use]
    pub fn party(&self) -> &Subject {
        self.on_behalf_of.as_ref().unwrap_or(&self.subject)
    }

    /// Whether the caller's mandate, if the caller invoked one, covers this procedure.
    #[must_use]
    pub fn may_represent_in(&self, procedure: Option<&ProcedureCode>) -> bool {
        self.mandate.as_ref().is_none_or(|mandate| mandate.covers(procedure))
    }

    /// Whether the caller's agency is `agency`, is above it, or is its successor.
    #[must_use]
    pub fn acts_for(&self, agency: &AgencyCode) -> bool {
        self.agency.iter().chain(&self.predecessors).any(|own| own.covers(agency))
    }
}

/// Who owns a stream: the parties and agencies that [`decide`] compares with the caller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resource {
    /// The applicant, or the complainant.
    pub owners: Vec<Subject>,
    /// Who filed it or acted for an applicant. Grants no access: only the token's `on_behalf_of`
    /// does.
    pub representatives: Vec<Subject>,
    /// The procedure to which it belongs, if any; mandates may be limited to some.
    pub procedure: Option<ProcedureCode>,
    /// The agencies responsible for it.
    pub agencies: Vec<AgencyCode>,
    /// The agencies that are consulted; they have access with [`Scope::Consulted`] only.
    pub consulted: Vec<AgencyCode>,
    /// The agencies that handle a complaint about it; they have access with [`Scope::Complained`]
    /// only.
    pub complained: Vec<AgencyCode>,
    /// The agencies that are informed of it; they have access with [`Scope::Informed`] only.
    pub informed: Vec<AgencyCode>,
    /// The agencies that received it, each with its tasks; they have access with
    /// [`Scope::Received`].
    pub received: Vec<(AgencyCode, Vec<ReceiverTask>)>,
    /// The agencies that transferred it, oldest first.
    pub former: Vec<Former>,
}

/// An agency that transferred a dossier to the competent one. It may still read what had been
/// recorded until then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Former {
    pub agency: AgencyCode,
    /// The version of the stream before the transfer.
    pub until: u64,
}

impl Resource {
    /// What belongs to the party for whom the caller acts, as far as the caller's mandate covers
    /// it: for lists, whose rows are compared with the mandate one by one.
    #[must_use]
    pub fn own(caller: &Caller) -> Self {
        let covered = caller.mandate.as_ref().and_then(|under| under.procedures.first());
        Self {
            owners: vec![caller.party().clone()],
            procedure: covered.cloned(),
            ..Self::default()
        }
    }

    /// Whether the caller, or the person for whom the caller acts, is a party.
    fn concerns(&self, caller: &Caller) -> bool {
        let mut parties = self.owners.iter().chain(&self.representatives);
        parties.any(|party| {
            party.is(&caller.subject) || caller.on_behalf_of.as_ref().is_some_and(|of| party.is(of))
        })
    }
}

impl Brief {
    /// The parties and the agency of the dossier.
    #[must_use]
    pub fn resource(&self) -> Resource {
        Resource {
            owners: vec![self.applicant.clone()],
            representatives: self.representative.iter().chain(&self.mandated).cloned().collect(),
            procedure: Some(self.procedure.code.clone()),
            agencies: vec![self.agency.clone()],
            informed: self.receiver.iter().map(|receiver| receiver.agency.clone()).collect(),
            received: self
                .receiver
                .iter()
                .map(|receiver| (receiver.agency.clone(), receiver.may.clone()))
                .collect(),
            ..Resource::default()
        }
    }

    /// The receiving agency, if it has this task and is not the deciding one.
    #[must_use]
    pub fn receiver_with(&self, task: ReceiverTask) -> Option<&AgencyCode> {
        let receiver = self.receiver.as_ref().filter(|receiver| receiver.may.contains(&task))?;
        Some(&receiver.agency)
    }

    /// The receiving agency, if it is neither the deciding one nor above it.
    #[must_use]
    pub fn other_receiver(&self) -> Option<&AgencyCode> {
        let receiver = self.receiver.as_ref().map(|receiver| &receiver.agency);
        receiver.filter(|receiver| !receiver.covers(&self.agency))
    }

    /// The brief after a transfer to another agency. A unit of the earlier agency that received the
    /// dossier is its receiver no more: it reads what was recorded until then, like that agency.
    #[must_use]
    pub fn transferred(&self, to: &AgencyCode) -> Self {
        let mut brief = Self { agency: to.clone(), ..self.clone() };
        brief.receiver.take_if(|receiver| {
            receiver.agency.covers(&self.agency) || self.agency.covers(&receiver.agency)
        });
        brief
    }

    /// Whether `subject` is the applicant, or filed or acted for the applicant.
    #[must_use]
    pub fn is_party(&self, subject: &Subject) -> bool {
        let mut acted = self.representative.iter().chain(&self.mandated);
        self.applicant.is(subject) || acted.any(|one| one.is(subject))
    }
}

/// Why access is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// None of the caller's roles permits this.
    Role,
    /// A role permits it, but not for this resource. The reply must not reveal whether it exists.
    Scope,
    /// A role would permit it, but the caller is a party, and so knows that it exists.
    Party,
}

/// The capacity in which `caller` may do what `mays` permit, for `resource` if it is known yet.
///
/// Called without a resource before anything is read, and with it before anything is decided or
/// shown. A party has access as an applicant only: no officer works or decides on a matter of their
/// own (Law 36/2018/QH14, art. 23, on conflicts of interest). Partners (carriers, payment
/// providers) report facts and decide nothing; this rule does not apply to them.
pub fn decide(caller: &Caller, mays: &[May], resource: Option<&Resource>) -> Result<Actor, Denied> {
    let mut denied = Denied::Role;
    for May { role, scope } in mays.iter().filter(|may| caller.roles.contains(&may.role)) {
        if resource.is_some_and(|resource| !reaches(caller, *scope, resource)) {
            denied = if denied == Denied::Party { denied } else { Denied::Scope };
        } else if role.is_officer() && resource.is_some_and(|resource| resource.concerns(caller)) {
            denied = Denied::Party;
        } else {
            return Ok(Actor {
                subject: caller.subject.clone(),
                role: *role,
                agency: caller.agency.clone(),
                on_behalf_of: caller.on_behalf_of.clone(),
                deputy_for: None,
                mandate: caller.mandate.as_ref().map(|under| under.mandate),
                credential: caller.credential,
            });
        }
    }
    Err(denied)
}

fn reaches(caller: &Caller, scope: Scope, resource: &Resource) -> bool {
    let acts_for_one_of =
        |agencies: &[AgencyCode]| agencies.iter().any(|agency| caller.acts_for(agency));
    match scope {
        Scope::Any => true,
        Scope::Own => {
            resource.owners.iter().any(|owner| owner.is(caller.party()))
                && caller.may_represent_in(resource.procedure.as_ref())
        }
        Scope::Agency => acts_for_one_of(&resource.agencies),
        Scope::Consulted => acts_for_one_of(&resource.consulted),
        Scope::Complained => acts_for_one_of(&resource.complained),
        Scope::Informed => acts_for_one_of(&resource.informed),
        Scope::Received(task) => {
            let mut received = resource.received.iter();
            received.any(|(agency, tasks)| tasks.contains(&task) && caller.acts_for(agency))
        }
    }
}

#[cfg(test)]
mod tests;
