//! The row of a dossier.

use std::collections::BTreeSet;

use dossier::State as _;
use dossier::contract::{
    AgencyCode, Channel, DossierCode, DossierId, ProcedureRef, Subject, party_name,
};
use dossier::law::Law;
use dossier::overview::{DossierFlags, DossierStage, DossierStates, Overview, Task, WaitingOn};
use engine::view::{party_names, text_array, texts};
use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use super::{Flag, Key, Range, Scope, Seen};

/// What [`ListedRow::read`] reads.
pub(super) const SELECT: &str =
    "SELECT id, code, procedure, version, agency, channel, applicant, acted,
  submitted_at, stage, status, waiting_on, waiting_agency, officer, due_at, flags, tasks, receiver,
  labels, consulted, seen, corrected FROM dossiers";

/// A dossier as the lists have it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ListedRow {
    pub(crate) id: DossierId,
    pub(crate) code: DossierCode,
    pub(crate) procedure: ProcedureRef,
    pub(crate) agency: AgencyCode,
    /// The agency that received it, if that is another one.
    pub(crate) receiver: Option<AgencyCode>,
    pub(crate) channel: Channel,
    /// The applicant, in the form in which parties are compared.
    pub(crate) applicant: String,
    /// Who filed it or acted for the applicant, in the same form.
    pub(crate) acted: Vec<String>,
    pub(crate) submitted_at: Timestamp,
    pub(crate) stage: DossierStage,
    pub(crate) status: u8,
    pub(crate) waiting_on: WaitingOn,
    pub(crate) waiting_on_agency: Option<AgencyCode>,
    /// The officer who has claimed the review.
    pub(crate) officer: Option<Subject>,
    /// The appointment.
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) flags: DossierFlags,
    pub(crate) tasks: Vec<Task>,
    /// Keyed digests of its labels.
    pub(crate) labels: Vec<String>,
    /// The agencies that are or were consulted.
    pub(crate) consulted: Vec<AgencyCode>,
    /// Whether its form or brief may be another one than that of the submission.
    pub(crate) corrected: bool,
    /// The newest events that it reflects.
    pub(crate) seen: Seen,
}

const CHANNELS: [Channel; 3] = [Channel::Online, Channel::Counter, Channel::Post];
const STAGES: [DossierStage; 6] = [
    DossierStage::Submitted,
    DossierStage::Processing,
    DossierStage::Decided,
    DossierStage::Refused,
    DossierStage::Withdrawn,
    DossierStage::Closed,
];

impl ListedRow {
    /// The row by the law at `now`, or at the newest event if that is later. `None` if nothing was
    /// submitted.
    pub(super) fn of(states: &DossierStates, law: &Law, now: Timestamp) -> Option<Self> {
        let brief = &states.intake.submission.as_ref()?.brief;
        let overview = Overview::of(states, law, states.last_at?.max(now))?;
        let acted = brief.representative.iter().chain(&brief.mandated).chain(&states.mandated);
        let consulted: BTreeSet<AgencyCode> =
            states.review.resource().into_iter().flat_map(|review| review.consulted).collect();
        Some(Self {
            id: brief.dossier,
            code: brief.code.clone(),
            procedure: brief.procedure.clone(),
            agency: brief.agency.clone(),
            receiver: brief.other_receiver().cloned(),
            channel: brief.channel,
            applicant: party_name(brief.applicant.as_str()),
            acted: party_names(acted),
            submitted_at: rounded(brief.submitted_at),
            stage: overview.stage,
            status: overview.status,
            waiting_on: overview.waiting_on(),
            waiting_on_agency: overview.waiting_on_agency().cloned(),
            officer: states.review.officer.clone(),
            due_at: overview.due_at.map(rounded),
            flags: overview.flags,
            tasks: overview.tasks,
            labels: Vec::new(),
            consulted: consulted.into_iter().collect(),
            corrected: !states.intake.is_as_submitted(),
            seen: Seen::default(),
        })
    }

    /// The row with the digests of its labels.
    pub(super) fn labelled(self, labels: Vec<String>) -> Self {
        Self { labels, ..self }
    }

    /// The row as one that reflects these events.
    pub(super) fn reflecting(self, seen: Seen) -> Self {
        Self { seen, ..self }
    }

    /// Reads a row of [`SELECT`].
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let text = |column| row.get::<_, String>(column);
        let one_of = |column| row.get::<_, u8>(column).map(usize::from);
        let damaged = |column: usize| rusqlite::Error::IntegralValueOutOfRange(column, -1);
        Ok(Self {
            id: DossierId(Uuid::from_bytes(row.get(0)?)),
            code: text(1)?.as_str().into(),
            procedure: ProcedureRef { code: text(2)?.as_str().into(), version: row.get(3)? },
            agency: text(4)?.as_str().into(),
            receiver: row.get::<_, Option<String>>(17)?.map(|code| (&*code).into()),
            channel: *CHANNELS.get(one_of(5)?).ok_or_else(|| damaged(5))?,
            applicant: text(6)?,
            acted: texts(row, 7)?,
            submitted_at: engine::view::instant(row, 8)?,
            stage: *STAGES.get(one_of(9)?).ok_or_else(|| damaged(9))?,
            status: row.get(10)?,
            waiting_on: *WaitingOn::ALL.get(one_of(11)?).ok_or_else(|| damaged(11))?,
            waiting_on_agency: row.get::<_, Option<String>>(12)?.map(|code| (&*code).into()),
            officer: row.get::<_, Option<String>>(13)?.map(|officer| (&*officer).into()),
            due_at: row
                .get::<_, Option<i64>>(14)?
                .map(|_| engine::view::instant(row, 14))
                .transpose()?,
            flags: flags_of(row.get(15)?),
            tasks: serde_json::from_str(&text(16)?).map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(16, Type::Text, Box::new(error))
            })?,
            labels: text(18)?.split_whitespace().map(ToOwned::to_owned).collect(),
            consulted: text(19)?.split_whitespace().map(AgencyCode::from).collect(),
            seen: Seen::of(&row.get::<_, Vec<u8>>(20)?),
            corrected: row.get(21)?,
        })
    }

    /// Writes the row.
    pub(super) fn save(&self, tables: &Connection) -> rusqlite::Result<()> {
        let tasks = serde_json::to_string(&self.tasks)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        let consulted: Vec<&str> = self.consulted.iter().map(AgencyCode::as_str).collect();
        let stage = STAGES.iter().zip(0_i64..).find(|(known, _)| **known == self.stage);
        let channel = CHANNELS.iter().zip(0_i64..).find(|(known, _)| **known == self.channel);
        let mut save = tables.prepare_cached(
            "INSERT INTO dossiers (id, code, procedure, version, agency, channel, applicant, acted,
               submitted_at, stage, status, waiting_on, waiting_agency, officer, due_at, flags, tasks, seen,
               receiver, labels, consulted, corrected)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
               ?19, ?20, ?21, ?22)
             ON CONFLICT (id) DO UPDATE SET version = ?4, agency = ?5, receiver = ?19, stage = ?10, status = ?11, waiting_on = ?12,
               waiting_agency = ?13, officer = ?14, due_at = ?15, flags = ?16, tasks = ?17, seen = ?18,
               labels = ?20, acted = ?8, consulted = ?21, corrected = ?22",
        )?;
        save.execute(params![
            self.id.0.as_bytes(),
            self.code.as_str(),
            self.procedure.code.as_str(),
            self.procedure.version,
            self.agency.as_str(),
            channel.map(|(_, place)| place),
            self.applicant,
            text_array(&self.acted),
            self.submitted_at.as_millisecond(),
            stage.map(|(_, place)| place),
            self.status,
            self.waiting_on as i64,
            self.waiting_on_agency.as_ref().map(AgencyCode::as_str),
            self.officer.as_ref().map(Subject::as_str),
            self.due_at.map(Timestamp::as_millisecond),
            bits_of(self.flags),
            tasks,
            self.seen.bytes(),
            self.receiver.as_ref().map(AgencyCode::as_str),
            self.labels.join(" "),
            consulted.join(" "),
            self.corrected
        ])?;
        Ok(())
    }

    /// When the next task is due.
    pub(crate) fn next_due_at(&self) -> Option<Timestamp> {
        self.tasks.iter().find_map(|task| task.due_at)
    }

    /// The lists in which it is: a dossier with those of its agency, of the agency that received it
    /// and of the agencies above them, of its applicant and, while it is open, of its officer; each
    /// task with those of the agency that has it, and of its officer. A dossier with a label is
    /// also with those of the agency that have that label, one with a flag also with those that
    /// have that flag.
    pub(super) fn keys(&self) -> BTreeSet<Key> {
        let mut keys = BTreeSet::new();
        let due = |due_at: Option<Timestamp>| due_at.map_or(i64::MAX, Timestamp::as_millisecond);
        let submitted = self.submitted_at.as_millisecond().saturating_neg();
        let applicant = Scope::applicant(&self.applicant);
        let officer = self.officer.iter().map(|officer| Scope::officer(officer.as_str()));
        let agencies = std::iter::once(&self.agency).chain(&self.receiver);
        // Labels are for the agency that decides, not for the one that received the dossier.
        let labelled = Scope::above(&self.agency)
            .flat_map(|scope| self.labels.iter().map(move |label| scope.labelled(label)));
        let of_flags = Flag::ALL.into_iter().filter(|flag| flag.is_set(self.flags));
        let everywhere = agencies.flat_map(Scope::above).chain([applicant]);
        let flagged = everywhere
            .clone()
            .flat_map(|scope| of_flags.clone().map(move |flag| scope.flagged(flag)));
        let of_all = everywhere.chain(labelled).chain(flagged);
        for scope in of_all.clone() {
            keys.insert(Key { range: Range::newest(scope), sort: submitted, task: 0 });
        }
        if self.waiting_on != WaitingOn::Nobody {
            let sort = due(self.next_due_at());
            for scope in of_all.chain(officer) {
                keys.insert(Key { range: Range::waiting(scope, self.waiting_on), sort, task: 0 });
            }
        }
        let work = self.tasks.iter().enumerate().filter(|(_, task)| !task.kind.roles().is_empty());
        for (place, task) in work {
            let officer = task.officer.iter().map(|officer| Scope::officer(officer.as_str()));
            for scope in task.agencies().flat_map(Scope::above).chain(officer) {
                let range = Range::work(scope, task.kind);
                let task = (due(task.due_at), i64::try_from(place).unwrap_or(i64::MAX));
                keys.insert(Key { range, sort: task.0, task: task.1 });
            }
        }
        keys
    }
}

/// To the millisecond, as the view stores instants.
fn rounded(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

fn bits_of(flags: DossierFlags) -> u8 {
    Flag::ALL.iter().fold(0, |bits, flag| bits | u8::from(flag.is_set(flags)) << (*flag as u8))
}

fn flags_of(bits: u8) -> DossierFlags {
    let is_set = |place: u8| bits & (1 << place) != 0;
    DossierFlags {
        missed: is_set(0),
        foreseen_late: is_set(1),
        suspended: is_set(2),
        intake_answer_missed: is_set(3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_as_they_were_written() {
        for bits in 0..16 {
            assert_eq!(bits_of(flags_of(bits)), bits);
        }
    }
}
