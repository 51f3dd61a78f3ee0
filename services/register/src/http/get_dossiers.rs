//! Lists dossiers: an applicant's own, or those of an officer's agency and the agencies below it.

use std::sync::Arc;

use dossier::access::{Resource, own};
use dossier::contract::{AgencyCode, Channel, ProcedureCode, Role, Subject, UnitCode};
use dossier::notes;
use dossier::overview::{DossierStage, LIST, WaitingOn};
use dossier::search::Query;
use engine::view::Question;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Cursors, Operation, PageRows, Problem, Reply, Request};

use super::found;
use super::listed::{ListedDossierReply, Whose, merged, officers_of};
use crate::App;
use crate::lists::{Asked, Flag, Listed, ListedRow, Place, Range, Scope};
use crate::names::Applicants;

const ADDRESS: &str = "/v1/register/dossiers";

/// Characters of a label.
const LABEL_CHARS_MAX: usize = 50;

/// Text of `officer` for dossiers that nobody has claimed.
const NOBODY: &str = "none";

/// By what a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ListOrder {
    /// Unfinished dossiers, those first whose next step is due the soonest.
    Due,
    /// All dossiers, the newest first.
    Newest,
}

/// Filter, order and page of a list of dossiers. All filters must hold.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DossiersQuery {
    /// `true`: dossiers of the caller, or of the person for whom the caller acts. `false`: those of
    /// an agency. If absent, `false` for officers and `true` for others.
    mine: Option<bool>,
    /// `true`: dossiers of all whom the caller, or the firm for which the caller acts, represents
    /// by mandates in force, at most 500; each row names the applicant and the `mandate`. With
    /// `waiting_on=applicant` and `sort=due`, it is the work that the representative has.
    clients: Option<bool>,
    /// Words that the dossier must have, at most 8: beginnings of words of a name, a tax code, a
    /// telephone number or its last four digits, the code of the dossier, or the number of a
    /// result, receipt or parcel. Case, diacritics and separators make no difference. The newest
    /// come first.
    #[schema(example = "nguyen van", min_length = 2, max_length = 100)]
    q: Option<String>,
    /// Code of the agency; those below it are included. The caller's if absent.
    agency: Option<AgencyCode>,
    /// Stage of the dossier.
    stage: Option<DossierStage>,
    /// Status as numbered by the national portal, from 1 to 10.
    #[schema(minimum = 1, maximum = 10)]
    status: Option<u8>,
    /// Who has to act for the dossier to go on.
    waiting_on: Option<WaitingOn>,
    /// Code of the procedure.
    procedure: Option<ProcedureCode>,
    /// Subject of the officer who has claimed it, `me`, or `none` for those that nobody has.
    #[schema(example = "none")]
    officer: Option<Subject>,
    /// Code of the unit whose officers have claimed it, by the directory on this day.
    unit: Option<UnitCode>,
    /// Label of the dossier. Case, diacritics and separators make no difference. For those who read
    /// labels: clerks, reviewers, approvers and auditors of the agency.
    #[schema(example = "chờ giám đốc", min_length = 1, max_length = 50)]
    label: Option<String>,
    /// Filing channel.
    channel: Option<Channel>,
    /// The next step is due before this instant.
    due_before: Option<Timestamp>,
    /// Submitted at this instant or later.
    submitted_from: Option<Timestamp>,
    /// Submitted before this instant.
    submitted_to: Option<Timestamp>,
    /// Whether the appointment was missed.
    missed: Option<bool>,
    /// Whether lateness was foreseen.
    foreseen_late: Option<bool>,
    /// Whether the statutory clock is suspended.
    suspended: Option<bool>,
    /// Whether the one-stop unit did not answer in time.
    intake_answer_missed: Option<bool>,
    /// Order; if absent, `due` for officers and `newest` for applicants.
    sort: Option<ListOrder>,
    /// Rows per page, at most 100; 50 if absent.
    #[serde(skip_serializing)]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<PageRows>,
    /// Cursor from the `next` link.
    #[serde(skip_serializing)]
    #[schema(example = "2Gq0zX")]
    after: Option<String>,
}

pub(super) fn operation() -> Operation<App> {
    Operation::get(ADDRESS, "get_dossiers", "List dossiers")
        .describe(
            "An applicant's own dossiers, or those of an officer's agency and the agencies below it. \
             A page may have fewer rows than `limit`, even none, and still a `next` link: each page \
             looks at a limited number of dossiers.",
        )
        .roles(LIST)
        .query::<DossiersQuery>()
        .list::<ListedDossierReply>()
        .pages()
        .handle(handle)
}

async fn handle(app: Arc<App>, request: Request) -> Result<Reply, Problem> {
    let mut query: DossiersQuery = request.query()?;
    let caller = request.caller()?;
    let is_officer = caller.roles.iter().any(|role| role.is_officer());
    let of_clients = query.clients == Some(true);
    if of_clients {
        query.mine = Some(true);
    }
    let is_own = *query.mine.get_or_insert(!is_officer);
    let whose = if of_clients {
        Whose::clients(&app, &request).await?
    } else if is_own {
        let owned = Resource::own(caller);
        request.read_as(&[own(Role::Applicant)], &owned)?;
        Whose::own(caller)
    } else {
        Whose::agency(&app, &request, (LIST, query.agency.as_ref())).await?
    };
    let words = query.check()?;
    query.label = query.label.map(|label| label_digest(&app, whose.role, &label)).transpose()?;
    if query.officer.as_ref().is_some_and(|officer| officer.as_str() == "me") {
        query.officer = Some(caller.subject.clone());
    }
    let unit = match &query.unit {
        Some(unit) => {
            request.catch_up_law().await?;
            let agency = query.agency.as_ref().or(caller.agency.as_ref());
            Some(officers_of(&app, agency, unit)?)
        }
        None => None,
    };
    request.catch_up(Some(&app.listed)).await?;
    let filters = serde_json::to_string(&query).unwrap_or_default();
    let cursors = Cursors::of(&request, &[ADDRESS, &whose.of, &filters]);
    let after = query.after.as_deref().map(|after| cursors.read(after)).transpose()?;
    let after = after.map(ToOwned::to_owned);
    let (role, now) = (whose.role, app.engine.clock.now());
    let whose = Arc::new(whose);
    let shown = Arc::clone(&whose);
    let (rows, next) = if let Some(words) = words {
        request.catch_up(Some(app.search.progress())).await?;
        found_by(&app, &words, (query, whose, unit), after).await?
    } else {
        listed(&app, (query, whose, unit), after).await?
    };
    let law = app.engine.law();
    let names = Applicants::of(&app, rows.iter().map(|row| (row, role))).await?;
    let reply = |row: &ListedRow| {
        ListedDossierReply::of((row, role), &names, (&law, now)).under(shown.mandate(row))
    };
    let replies: Vec<ListedDossierReply> = rows.iter().map(reply).collect();
    let next = next.map(|next| request.next_page(ADDRESS, &cursors.write(&next)));
    Ok(Reply::ok(&replies).next_page(next.as_deref()))
}

/// The digest that the rows of dossiers with this label have.
fn label_digest(app: &App, role: Role, label: &str) -> Result<String, Problem> {
    if !notes::READ.iter().any(|may| may.role == role) {
        let vi = "chỉ dùng cho cán bộ đọc được nhãn của hồ sơ";
        let en = "is for officers who read the labels of dossiers";
        return Err(Problem::parameter("label", vi, en));
    }
    let count = label.chars().count();
    let digest = app.label_key.digest(label).filter(|_| count <= LABEL_CHARS_MAX);
    digest.ok_or_else(|| {
        let vi = "có từ 1 đến 50 ký tự, trong đó ít nhất một chữ cái hoặc chữ số";
        let en = "has 1 to 50 characters, at least one of them a letter or digit";
        Problem::parameter("label", vi, en)
    })
}

/// The officers of the unit that was asked for.
type Unit = Option<Vec<Subject>>;

/// Whether one of these officers has the dossier.
fn is_of(unit: Option<&[Subject]>, row: &ListedRow) -> bool {
    unit.is_none_or(|unit| row.officer.as_ref().is_some_and(|officer| unit.contains(officer)))
}

/// Rows of a page, and the key of the next one's cursor.
type Paged = (Vec<ListedRow>, Option<String>);

/// A page of a list without words.
async fn listed(
    app: &App,
    (query, whose, unit): (DossiersQuery, Arc<Whose>, Unit),
    after: Option<String>,
) -> Result<Paged, Problem> {
    let after = after.map(|after| Place::parse(&after).ok_or_else(Cursors::invalid)).transpose()?;
    let by_default = if whose.role.is_officer() { ListOrder::Due } else { ListOrder::Newest };
    let order = query.sort.unwrap_or(by_default);
    let filter = if query.clients == Some(true) { "clients" } else { "unit" };
    let asked = Asked {
        ranges: merged(ranges(&query, (&*whose, unit.as_deref()), order), filter)?,
        after,
        rows: query.rows(),
        before: before(&query, order),
    };
    let page = app.lists.query(Question::List, move |tables| {
        Listed::read(tables, &asked, |row, _| {
            whose.has(row, None) && query.shows(row, &whose) && is_of(unit.as_deref(), row)
        })
    });
    let Listed { rows, next } = page.await?;
    Ok((rows.into_iter().map(|(row, _)| row).collect(), next.map(|next| next.text())))
}

/// A page of the dossiers that have all words, the newest first.
async fn found_by(
    app: &App,
    words: &Query,
    (query, whose, unit): (DossiersQuery, Arc<Whose>, Unit),
    after: Option<String>,
) -> Result<Paged, Problem> {
    let after = after.map(|after| after.parse().map_err(|_| Cursors::invalid())).transpose()?;
    let (rights, rows) = (whose.rights(), query.rows());
    let shows = move |row: &ListedRow| {
        whose.has(row, None) && query.shows(row, &whose) && is_of(unit.as_deref(), row)
    };
    let (rows, next) = found::page(app, (words, &rights), (after, rows), shows).await?;
    Ok((rows, next.map(|next| next.to_string())))
}

/// The ranges to merge: an officer's list has a range of its own, each answer to "who has to act"
/// has one, and so have the dossiers with a label or a flag: few of a million may have it.
fn ranges(
    query: &DossiersQuery,
    (whose, unit): (&Whose, Option<&[Subject]>),
    order: ListOrder,
) -> Vec<Range> {
    let narrowed = |scope: &Scope| match (&query.label, query.flag()) {
        (Some(label), _) => scope.labelled(label),
        (None, Some(flag)) => scope.flagged(flag),
        (None, None) => *scope,
    };
    let of_all: Vec<Scope> = whose.scopes.iter().map(narrowed).collect();
    if order == ListOrder::Newest {
        return of_all.into_iter().map(Range::newest).collect();
    }
    let officer = query.officer.as_ref().filter(|officer| officer.as_str() != NOBODY);
    let scopes = match (officer, unit) {
        (Some(officer), _) => vec![Scope::officer(officer.as_str())],
        (None, Some(unit)) => unit.iter().map(|one| Scope::officer(one.as_str())).collect(),
        (None, None) => of_all,
    };
    let on =
        WaitingOn::ALL.into_iter().filter(|on| query.waiting_on.is_none_or(|only| only == *on));
    let on: Vec<WaitingOn> = on.collect();
    scopes.iter().flat_map(|scope| on.iter().map(|on| Range::waiting(*scope, *on))).collect()
}

/// The last key that may be listed, in milliseconds.
fn before(query: &DossiersQuery, order: ListOrder) -> Option<i64> {
    let last = match order {
        ListOrder::Due => query.due_before?.as_millisecond().saturating_sub(1),
        ListOrder::Newest => query.submitted_from?.as_millisecond().saturating_neg(),
    };
    Some(last)
}

impl DossiersQuery {
    /// The words of `q`, if there are any.
    fn check(&self) -> Result<Option<Query>, Problem> {
        // Applicants do not see which officer has a dossier, so they do not filter by it either.
        let of_office = [("officer", self.officer.is_some()), ("unit", self.unit.is_some())];
        let asked = of_office.into_iter().find(|(_, asked)| self.mine == Some(true) && *asked);
        if let Some((name, _)) = asked {
            let vi = "chỉ dùng cho danh sách hồ sơ của cơ quan";
            return Err(Problem::parameter(name, vi, "is for lists of an agency only"));
        }
        if self.clients == Some(true) && self.mine == Some(false) {
            let vi = "không dùng cùng `mine=false`: đó là hồ sơ của các bên ủy quyền, không phải của cơ quan";
            let en = "is not for `mine=false`: it lists dossiers of clients, not of an agency";
            return Err(Problem::parameter("clients", vi, en));
        }
        if self.clients == Some(true) && self.q.is_some() {
            let vi = "không dùng cùng `clients`: hãy tìm từng bên ủy quyền bằng tiêu đề `Mandate`";
            let en =
                "is not for `clients`: search the dossiers of one client with the header `Mandate`";
            return Err(Problem::parameter("q", vi, en));
        }
        if self.status.is_some_and(|status| !(1..=10).contains(&status)) {
            let vi = "phải là số nguyên từ 1 đến 10";
            return Err(Problem::parameter("status", vi, "must be a whole number from 1 to 10"));
        }
        if self.q.is_some() && self.sort == Some(ListOrder::Due) {
            let vi = "khi tìm theo `q`, hồ sơ mới nhất đứng trước: hãy bỏ `sort=due`";
            let en = "dossiers found by `q` are listed the newest first: leave out `sort=due`";
            return Err(Problem::parameter("sort", vi, en));
        }
        let Some(q) = &self.q else { return Ok(None) };
        found::query(q).map(Some)
    }

    /// A flag that all dossiers of the list have.
    fn flag(&self) -> Option<Flag> {
        Flag::ALL.into_iter().find(|flag| {
            let asked = match flag {
                Flag::Missed => self.missed,
                Flag::ForeseenLate => self.foreseen_late,
                Flag::Suspended => self.suspended,
                Flag::IntakeAnswerMissed => self.intake_answer_missed,
            };
            asked == Some(true)
        })
    }

    fn rows(&self) -> usize {
        let PageRows(rows) = self.limit.unwrap_or_default();
        usize::try_from(rows).unwrap_or(usize::MAX)
    }

    fn shows(&self, row: &ListedRow, whose: &Whose) -> bool {
        fn is<T: PartialEq>(asked: Option<&T>, value: &T) -> bool {
            asked.is_none_or(|asked| asked == value)
        }
        let officer = match self.officer.as_ref().map(Subject::as_str) {
            None => true,
            Some(NOBODY) => row.officer.is_none(),
            Some(asked) => row.officer.as_ref().is_some_and(|officer| officer.as_str() == asked),
        };
        let due = self.due_before.is_none_or(|end| row.next_due_at().is_some_and(|due| due < end));
        let flags = &row.flags;
        // An agency below which the caller lists is compared by `Whose`, with its predecessors.
        let within = self.agency.as_ref().filter(|_| self.mine == Some(true));
        officer
            && whose.includes(row)
            && within.is_none_or(|agency| agency.covers(&row.agency))
            && due
            && is(self.stage.as_ref(), &row.stage)
            && is(self.status.as_ref(), &row.status)
            && is(self.waiting_on.as_ref(), &row.waiting_on)
            && is(self.procedure.as_ref(), &row.procedure.code)
            && is(self.channel.as_ref(), &row.channel)
            && self
                .label
                .as_ref()
                .is_none_or(|label| whose.decides(row) && row.labels.contains(label))
            && self.submitted_from.is_none_or(|from| row.submitted_at >= from)
            && self.submitted_to.is_none_or(|to| row.submitted_at < to)
            && is(self.missed.as_ref(), &flags.missed)
            && is(self.foreseen_late.as_ref(), &flags.foreseen_late)
            && is(self.suspended.as_ref(), &flags.suspended)
            && is(self.intake_answer_missed.as_ref(), &flags.intake_answer_missed)
    }
}
