//! The view of all complaints: for lists, figures, published answers and look-ups by number. The
//! row of a complaint is derived from its present state. It has no text of a complainant; a
//! published answer names nobody. A table of codes finds the dossier that a complaint names.

use std::sync::Arc;

use dossier::State as _;
use dossier::contract::{DossierCode, DossierId, EventSet, IntakeEvent, party_name};
use dossier::feedback::Complaint;
use dossier::intake::Intake;
use engine::tasks::{
    Follower, Following, Handled, Handler, Progress, Saved, Source, Stalled, Work,
};
use engine::view::{Shape, View};
use engine::{Engine, Streams};
use events::{Page, Position, ReadError};
use jiff::Timestamp;
use platform::metrics::Metrics;
use rusqlite::{Connection, OptionalExtension, params};

use crate::http::reply::ComplaintStage;

const SHAPE: Shape = Shape {
    name: "feedback-complaints",
    version: 3,
    tables: "
CREATE TABLE dossiers (
  code    TEXT PRIMARY KEY,
  dossier BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE complaints (
  id          TEXT    PRIMARY KEY,
  number      TEXT,
  agency      TEXT    NOT NULL,
  applicant   TEXT    NOT NULL,
  filed_by    TEXT,
  officer     TEXT,
  stage       TEXT    NOT NULL,
  class       TEXT,
  channel     TEXT    NOT NULL,
  dossier     TEXT,
  procedure   TEXT,
  merged_into TEXT,
  received_at INTEGER NOT NULL,
  month       TEXT    NOT NULL,
  owed        TEXT,
  due_at      INTEGER,
  missed      INTEGER NOT NULL,
  escalates_at INTEGER,
  answered    TEXT,
  reopened    INTEGER NOT NULL,
  score       INTEGER,
  published_at INTEGER,
  published_month TEXT,
  published   TEXT
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX complaints_by_number ON complaints (number) WHERE number IS NOT NULL;
CREATE INDEX complaints_by_due ON complaints (coalesce(due_at, 9223372036854775807), id);
CREATE INDEX complaints_by_party ON complaints (applicant);
CREATE INDEX complaints_by_publication ON complaints (published_at, id) WHERE published_at IS NOT NULL;",
};

/// Prefixes of the kinds of events that may change a row.
const KINDS: [&str; 4] = [
    "feedback.Complaint",
    "feedback.AnswerPublished.v1",
    "feedback.PeriodExtended.v1",
    "intake.DossierSubmitted.v1",
];

/// A row of the table `complaints`; instants in milliseconds since 1970.
struct Row {
    id: String,
    number: Option<String>,
    agency: String,
    applicant: String,
    filed_by: Option<String>,
    officer: Option<String>,
    stage: &'static str,
    class: Option<String>,
    channel: String,
    dossier: Option<String>,
    procedure: Option<String>,
    merged_into: Option<String>,
    received_at: i64,
    /// Month of receipt by the agency's clocks, for example `2026-11`.
    month: String,
    owed: Option<&'static str>,
    due_at: Option<i64>,
    missed: bool,
    escalates_at: Option<i64>,
    /// `in_time` or `late`, by the first answer.
    answered: Option<&'static str>,
    reopened: u32,
    /// The rating of the latest answer.
    score: Option<u8>,
    published_at: Option<i64>,
    published_month: Option<String>,
    published: Option<String>,
}

/// Maintains the view.
#[derive(Debug)]
pub(crate) struct Listed(Arc<Streams<Complaint>>);

impl Handler for Listed {
    async fn handle(&mut self, _after: Position, page: Page) -> Result<Handled, Stalled> {
        let (mut rows, mut codes) = (Vec::new(), Vec::new());
        for event in &page.events {
            if event.stream.category() == Intake::CATEGORY {
                match IntakeEvent::decode(&event.kind, &event.data) {
                    Ok(IntakeEvent::DossierSubmitted(submitted)) => {
                        codes.push((submitted.brief.code.clone(), submitted.brief.dossier));
                    }
                    Ok(_) => {}
                    Err(error) => {
                        tracing::error!(view = SHAPE.name, %error, "dossier left out of the view");
                        self.0.engine().metrics.defect(Work::Shows.name());
                    }
                }
            } else if event.stream.category() == Complaint::CATEGORY {
                match self.0.load(&event.stream).await {
                    Ok(loaded) => rows.extend(self.row(&loaded.state)),
                    Err(error @ ReadError::Corrupt { .. }) => {
                        tracing::error!(view = SHAPE.name, %error, "complaint left out of the view");
                        self.0.engine().metrics.defect(Work::Shows.name());
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
        let metrics = Arc::clone(&self.0.engine().metrics);
        Ok(Handled::Rows(Box::new(move |tables| {
            rows.iter().try_for_each(|row| replace(tables, row))?;
            codes.iter().try_for_each(|(code, dossier)| name(tables, code, *dossier))?;
            if rows.is_empty() { Ok(()) } else { measure(&metrics, tables) }
        })))
    }
}

impl Listed {
    pub(crate) fn follow(
        complaints: &Arc<Streams<Complaint>>,
    ) -> Result<(Follower<Self>, Arc<View>, Progress), Stalled> {
        let engine: Arc<Engine> = Arc::clone(complaints.engine());
        let view = Arc::new(View::open(engine.view_folder(), SHAPE, &engine.store)?);
        view.peek(|tables| measure(&engine.metrics, tables))?;
        let saved = Saved::View(Arc::clone(&view));
        let following = Following::new(SHAPE.name, &KINDS, Source::Every, saved);
        let follower = Follower::new(&engine, following, Self(Arc::clone(complaints)))?;
        let progress = follower.progress();
        Ok((follower, view, progress))
    }

    /// `None` if nothing was filed.
    fn row(&self, complaint: &Complaint) -> Option<Row> {
        let filed = complaint.filed.as_ref()?;
        let agency = complaint.agency()?;
        let received_at = complaint.received_at()?;
        let law = self.0.engine().law();
        let month = |at: Timestamp| {
            let day = law.calendar_of(agency).map(|calendar| calendar.date_of(at));
            day.map(|day| day.strftime("%Y-%m").to_string()).unwrap_or_default()
        };
        let due = complaint.due();
        let published = complaint.published.as_ref();
        Some(Row {
            id: filed.complaint.to_string(),
            number: filed.number.as_ref().map(ToString::to_string),
            agency: agency.to_string(),
            applicant: party_name(filed.complainant.as_str()),
            filed_by: complaint.filed_by.as_ref().map(|by| party_name(by.as_str())),
            officer: complaint.officer.as_ref().map(ToString::to_string),
            stage: ComplaintStage::of(&complaint.stage)?.as_str(),
            class: complaint.class().map(|class| word(&class)),
            channel: word(&filed.channel),
            dossier: filed.dossier.map(|dossier| dossier.to_string()),
            procedure: filed.procedure.as_ref().map(ToString::to_string),
            merged_into: complaint.merged_into().map(|into| into.to_string()),
            received_at: received_at.as_millisecond(),
            month: month(received_at),
            owed: due.map(|due| due.what.as_str()),
            due_at: due.map(|due| due.running.due_at.as_millisecond()),
            missed: due.is_some_and(|due| due.missed),
            escalates_at: complaint.escalates_at().map(Timestamp::as_millisecond),
            answered: complaint.first_answer.map(|(_, late)| if late { "late" } else { "in_time" }),
            reopened: complaint.reopened,
            score: complaint.rated.as_ref().map(|rated| rated.score),
            published_at: published.map(|published| published.at.as_millisecond()),
            published_month: published.map(|published| month(published.at)),
            published: published.map(|published| published.text.clone()),
        })
    }
}

/// The name of a variant in the JSON of events.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    let json = serde_json::to_value(value).unwrap_or_default();
    json.as_str().unwrap_or_default().to_owned()
}

/// Updates the metrics.
fn measure(metrics: &Metrics, tables: &Connection) -> rusqlite::Result<()> {
    let set = |name, help, sql: &str| {
        let count: i64 = tables.query_row(sql, [], |row| row.get(0))?;
        metrics.set(name, help, None, u64::try_from(count).unwrap_or(0));
        rusqlite::Result::Ok(())
    };
    set(
        "complaints_open",
        "Complaints that an agency has to classify, forward, answer or publish",
        "SELECT count(*) FROM complaints WHERE owed IS NOT NULL",
    )?;
    set(
        "complaints_overdue",
        "Complaints of which a period was missed and the obligation still open",
        "SELECT count(*) FROM complaints WHERE missed = 1",
    )
}

fn name(tables: &Connection, code: &DossierCode, dossier: DossierId) -> rusqlite::Result<()> {
    tables
        .prepare_cached("INSERT OR IGNORE INTO dossiers VALUES (?1, ?2)")?
        .execute(params![code.as_str(), dossier.0])?;
    Ok(())
}

/// The dossier with this code.
pub(crate) fn dossier_of(tables: &Connection, code: &str) -> rusqlite::Result<Option<DossierId>> {
    tables
        .prepare_cached("SELECT dossier FROM dossiers WHERE code = ?1")?
        .query_row([code], |row| Ok(DossierId(row.get(0)?)))
        .optional()
}

fn replace(tables: &Connection, row: &Row) -> rusqlite::Result<()> {
    tables
        .prepare_cached(
            "INSERT OR REPLACE INTO complaints VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,
               ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24)",
        )?
        .execute(params![
            row.id,
            row.number,
            row.agency,
            row.applicant,
            row.filed_by,
            row.officer,
            row.stage,
            row.class,
            row.channel,
            row.dossier,
            row.procedure,
            row.merged_into,
            row.received_at,
            row.month,
            row.owed,
            row.due_at,
            row.missed,
            row.escalates_at,
            row.answered,
            row.reopened,
            row.score,
            row.published_at,
            row.published_month,
            row.published,
        ])?;
    Ok(())
}
