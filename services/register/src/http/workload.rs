//! Permission to read the workload of an agency.

use dossier::access::{self, May, Resource, agency, any};
use dossier::contract::{AgencyCode, Role};
use web::{Problem, Request};

/// Permission to read the workload of an agency.
pub(super) const READ_AGENCY: &[May] = &[
    agency(Role::Clerk),
    agency(Role::Reviewer),
    agency(Role::Approver),
    agency(Role::Auditor),
    any(Role::Operator),
];

/// The requested agency, if the caller may read its workload.
pub(super) fn agency_of(
    request: &Request,
    asked: Option<AgencyCode>,
) -> Result<(&access::Caller, Option<AgencyCode>), Problem> {
    let caller = request.caller()?;
    let agency = asked.or_else(|| caller.agency.clone());
    if agency.as_ref().is_some_and(|agency| !agency.is_well_formed()) {
        return Err(Problem::parameter(
            "agency",
            "không phải mã cơ quan, ví dụ G02.001",
            "is not the code of an agency, for example G02.001",
        ));
    }
    let resource = Resource { agencies: agency.iter().cloned().collect(), ..Resource::default() };
    access::decide(caller, READ_AGENCY, Some(&resource))?;
    Ok((caller, agency))
}
