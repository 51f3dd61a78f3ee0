//! Outages of the systems of agencies.

use std::collections::BTreeMap;

use calendar::Span;
use jiff::Timestamp;
use uuid::Uuid;

use crate::contract::{AgencyCode, Channel, OutageDeclared, OutageEnded};

/// A time in which systems are out of order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outage {
    pub id: Uuid,
    /// The affected agency; the agencies below it are affected too.
    pub agency: AgencyCode,
    /// The affected channels of filing; all if empty.
    pub channels: Vec<Channel>,
    pub from: Timestamp,
    /// Absent while the end is not known.
    pub to: Option<Timestamp>,
    /// Shown to the public.
    pub reason: String,
    /// When its newest event was recorded.
    pub recorded_at: Timestamp,
}

impl Outage {
    /// Whether it affects dossiers filed by this channel.
    #[must_use]
    pub fn hits(&self, channel: Channel) -> bool {
        self.channels.is_empty() || self.channels.contains(&channel)
    }

    /// Whether it lasts at an instant, as far as its end is known.
    #[must_use]
    pub fn lasts_at(&self, at: Timestamp) -> bool {
        self.from <= at && self.to.is_none_or(|to| at < to)
    }

    /// The time that is not counted; `None` while the end is not known.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        Some(Span { from: self.from, to: self.to? })
    }
}

/// All outages, and the outages of each agency named in one. Other agencies have the outages of the
/// nearest named agency above them: a country has thousands of agencies, of which most are never
/// named.
#[derive(Debug, Clone, Default)]
pub(super) struct Outages {
    all: Vec<Outage>,
    of: BTreeMap<AgencyCode, Vec<Outage>>,
}

impl Outages {
    pub(super) fn all(&self) -> &[Outage] {
        &self.all
    }

    pub(super) fn of(&self, agency: &AgencyCode) -> &[Outage] {
        let mut code = agency.as_str();
        loop {
            if let Some(hit) = self.of.get(&AgencyCode::from(code)) {
                return hit;
            }
            match code.rsplit_once('.') {
                Some((above, _)) => code = above,
                None => return &[],
            }
        }
    }

    pub(super) fn declare(&mut self, declared: &OutageDeclared, at: Timestamp) {
        let OutageDeclared { outage, agency, channels, from, to, reason, .. } = declared.clone();
        let recorded_at = at;
        self.all.push(Outage { id: outage, agency, channels, from, to, reason, recorded_at });
        self.spread();
    }

    pub(super) fn end(&mut self, ended: &OutageEnded, at: Timestamp) {
        if let Some(outage) = self.all.iter_mut().find(|outage| outage.id == ended.outage) {
            (outage.to, outage.recorded_at) = (Some(ended.to), at);
        }
        self.spread();
    }

    /// Keeps only the outages that `wanted` selects.
    pub(super) fn retain(&mut self, wanted: impl Fn(&Outage) -> bool) {
        self.all.retain(wanted);
        self.spread();
    }

    /// Groups the outages by the agencies named in them.
    fn spread(&mut self) {
        let hit = |agency: &AgencyCode| -> Vec<Outage> {
            self.all.iter().filter(|outage| outage.agency.covers(agency)).cloned().collect()
        };
        let named = self.all.iter().map(|outage| &outage.agency);
        let of = named.map(|agency| (agency.clone(), hit(agency))).collect();
        self.of = of;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::law::Law;
    use crate::step::Rule;
    use crate::testing::{at, law};

    fn is_open(channel: Channel, moment: &str, hit: Vec<Channel>, to: Option<&str>) -> bool {
        let law: Law = law();
        let mut procedure =
            law.procedures().find(|p| p.code.as_str() == "2.000004").unwrap().clone();
        procedure.only_in_outage = vec![Channel::Counter];
        let outage = Outage {
            id: Uuid::nil(),
            agency: "H26.14".into(),
            channels: hit,
            from: at("2026-11-20T09:00"),
            to: to.map(at),
            reason: String::new(),
            recorded_at: at("2026-11-20T09:00"),
        };
        let calendar = law.calendar_of(&"H26.14".into()).unwrap();
        Rule { procedure: &procedure, calendar, outages: &[outage] }.is_open(channel, at(moment))
    }

    #[test]
    fn precursors_are_applied_for_on_paper_only_while_the_online_way_is_out_of_order() {
        let mut law: Law = law();
        let open = |law: &Law, channel, moment: &str| {
            let today = jiff::civil::date(2026, 12, 2);
            let procedure = law.in_force(&"PRECURSOR.IMPORT".into(), today).unwrap();
            let rule = law.rule(&procedure.reference(), &"G02.002".into(), at(moment)).unwrap();
            procedure.channels.contains(&channel) && rule.is_open(channel, at(moment))
        };
        for (channel, regular) in
            [(Channel::Online, true), (Channel::Counter, false), (Channel::Post, false)]
        {
            assert_eq!(open(&law, channel, "2026-12-02T09:00"), regular, "{channel:?}");
        }
        let declared = OutageDeclared {
            outage: Uuid::nil(),
            agency: "G02".into(),
            channels: vec![Channel::Online],
            from: at("2026-12-02T08:00"),
            to: Some(at("2026-12-02T12:00")),
            planned: false,
            notice_at: at("2026-12-02T08:00"),
            reason: "a test".into(),
        };
        law.declare(&declared, at("2026-12-02T08:30"));
        assert!(open(&law, Channel::Post, "2026-12-02T09:00"));
        assert!(!open(&law, Channel::Post, "2026-12-02T12:00"));
    }

    #[test]
    fn paper_is_taken_only_while_an_outage_of_another_way_lasts() {
        let end = Some("2026-11-20T12:00");
        let online = || vec![Channel::Online];
        assert!(is_open(Channel::Online, "2026-11-19T09:00", online(), end), "always");
        assert!(!is_open(Channel::Counter, "2026-11-20T08:59", online(), end));
        assert!(is_open(Channel::Counter, "2026-11-20T09:00", online(), end));
        assert!(!is_open(Channel::Counter, "2026-11-20T12:00", online(), end));
        assert!(is_open(Channel::Counter, "2026-12-20T09:00", online(), None), "it lasts");
        assert!(is_open(Channel::Counter, "2026-11-20T09:00", Vec::new(), end), "of all ways");
        let counter = vec![Channel::Counter];
        assert!(
            !is_open(Channel::Counter, "2026-11-20T09:00", counter, end),
            "of the counter alone"
        );
    }
}
