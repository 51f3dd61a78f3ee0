//! Which other agencies may receive dossiers for the deciding one, irrespective of administrative
//! boundaries (Decree 118/2025/NĐ-CP; "phi địa giới").

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Procedure;
use crate::contract::{AgencyCode, ReceiverTask};

/// A rule by which the one-stop units of other agencies receive dossiers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ProcedureReception)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Reception {
    /// The receiving agency, with those below it. If absent, all agencies of the province or
    /// ministry of the deciding one: those whose codes have the same first part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiver: Option<AgencyCode>,
    /// The deciding agency, with those below it; if absent, all agencies of the procedure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decider: Option<AgencyCode>,
    /// What a receiver may do besides receiving and reading.
    #[serde(default)]
    pub may: Vec<ReceiverTask>,
    /// The legal basis.
    #[schema(example = "118/2025/NĐ-CP")]
    pub basis: String,
}

impl Reception {
    fn permits(&self, receiver: &AgencyCode, decider: &AgencyCode) -> bool {
        let receives = match &self.receiver {
            Some(named) => named.covers(receiver),
            None => first_part(receiver) == first_part(decider),
        };
        receives && self.decider.as_ref().is_none_or(|named| named.covers(decider))
    }
}

fn first_part(agency: &AgencyCode) -> Option<&str> {
    agency.as_str().split('.').next()
}

impl Procedure {
    /// What the one-stop unit of `receiver` may do with dossiers that `decider` decides; `None` if
    /// it may not receive them. The deciding agency, and those above it, need no permission: they
    /// have no tasks as a receiver.
    #[must_use]
    pub fn reception(
        &self,
        receiver: &AgencyCode,
        decider: &AgencyCode,
    ) -> Option<Vec<ReceiverTask>> {
        if receiver.covers(decider) {
            return Some(Vec::new());
        }
        let rules = self.intake.reception.iter();
        let mut permitting = rules.filter(|rule| rule.permits(receiver, decider)).peekable();
        permitting.peek()?;
        let tasks: BTreeSet<ReceiverTask> =
            permitting.flat_map(|rule| rule.may.iter().copied()).collect();
        Some(tasks.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::law;

    fn with(reception: &str) -> Procedure {
        let law = law();
        let shipped = law.procedures().find(|one| one.code.as_str() == "2.000004").unwrap();
        let mut procedure = shipped.clone();
        assert!(procedure.intake.reception.is_empty(), "issued versions name no receivers");
        procedure.intake.reception = serde_yaml_ng::from_str(reception).unwrap();
        procedure
    }

    fn may(procedure: &Procedure, receiver: &str, decider: &str) -> Option<Vec<ReceiverTask>> {
        procedure.reception(&receiver.into(), &decider.into())
    }

    #[test]
    fn only_the_deciding_agency_and_those_above_it_receive_where_no_rule_names_others() {
        let none = with("[]");
        assert_eq!(may(&none, "H26.14", "H26.14"), Some(Vec::new()));
        assert_eq!(may(&none, "H26", "H26.14"), Some(Vec::new()));
        assert_eq!(may(&none, "H26.101", "H26.14"), None);
    }

    #[test]
    fn a_named_agency_and_those_below_it_receive_with_the_tasks_of_all_rules() {
        use ReceiverTask::{Accept, HandOut};
        let named = with(
            "[{ receiver: H26.101, may: [hand_out], basis: x }, { receiver: H26, decider: H26.14, may: [accept], basis: x }]",
        );
        assert_eq!(may(&named, "H26.101", "H26.14"), Some(vec![Accept, HandOut]));
        assert_eq!(may(&named, "H26.101.02", "H26.15"), Some(vec![HandOut]));
        assert_eq!(may(&named, "H26.102", "H26.14"), Some(vec![Accept]));
        assert_eq!(may(&named, "H26.102", "H26.15"), None);
        assert_eq!(may(&named, "H01.101", "H26.14"), None);
    }

    #[test]
    fn without_a_name_all_agencies_of_the_same_province_receive() {
        let province = with("[{ may: [], basis: x }]");
        assert_eq!(may(&province, "H26.101", "H26.14"), Some(Vec::new()));
        assert_eq!(may(&province, "H26", "H26.14"), Some(Vec::new()));
        assert_eq!(may(&province, "H01.101", "H26.14"), None);
        assert_eq!(may(&province, "G02.001", "H26.14"), None);
    }
}
