//! The lists whose pages are measured.

use super::names;
use crate::actors::Actors;
use dossier_client::Answer;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Pages that are read of a list one after another.
pub(super) const FOLLOWED: usize = 3;

/// Figures are asked for at most this often: each counts all dossiers of its days.
pub(super) const FIGURES_ASKED_MAX: u64 = 10;

/// A list: who reads it, and the address of its first page for the n-th reading.
pub(super) struct List {
    pub(super) name: &'static str,
    pub(super) by: By,
    pub(super) address: fn(u64) -> String,
}

/// Who reads a list.
#[derive(Clone, Copy)]
pub(super) enum By {
    /// A clerk of the ministry.
    Clerk,
    /// An auditor of the ministry.
    Auditor,
    /// One of the applicants, each with four dossiers; another one at each reading, because the
    /// reads of one are limited.
    Applicant,
}

impl By {
    pub(super) fn token(self, actors: &Actors, number: u64) -> String {
        match self {
            Self::Clerk => actors.clerk.clone(),
            Self::Auditor => actors.auditor("auditor"),
            Self::Applicant => actors.applicant(&names::applicant(number * 4)),
        }
    }
}

const fn by_clerk(name: &'static str, address: fn(u64) -> String) -> List {
    List { name, by: By::Clerk, address }
}

const fn figures(name: &'static str, address: fn(u64) -> String) -> List {
    List { name, by: By::Auditor, address }
}

/// All lists and searches of the register, and its figures.
pub(super) const LISTS: &[List] = &[
    by_clerk("search_person", |n| search(&names::person(n))),
    by_clerk("search_family_name", |_| search("nguyen")),
    by_clerk("search_two_letters", |_| search("ng")),
    by_clerk("search_given_name_of_a_small_agency", |n| {
        format!("{}&agency=G02.{:03}", search(names::GIVEN[0]), 2 + n % 40)
    }),
    by_clerk("search_tax_code", |n| search(&names::tax_code(n * 7))),
    by_clerk("search_last_digits", |n| search(&format!("{:04}", n * 13 % 10_000))),
    by_clerk("search_telephone", |n| search(&names::telephone(n * 7).replace("+84", "0"))),
    by_clerk("search_nothing", |n| search(&format!("xqz{n}"))),
    by_clerk("search_rare_pair", |n| search(&format!("ngo bao {}", names::tax_code(n)))),
    by_clerk("search_with_filters", |_| format!("{}&stage=decided", search("cong ty"))),
    List { name: "search_own", by: By::Applicant, address: |_| search("nguyen") },
    by_clerk("dossiers_of_an_officer", |_| dossiers("officer=reviewer")),
    by_clerk("dossiers_by_due_instant", |_| dossiers("sort=due")),
    by_clerk("dossiers_newest_first", |_| dossiers("sort=newest")),
    by_clerk("dossiers_missed", |_| dossiers("missed=true")),
    by_clerk("dossiers_that_wait_on_an_approver", |_| dossiers("waiting_on=approver")),
    by_clerk("dossiers_missed_of_a_small_agency", |n| {
        dossiers(&format!("missed=true&agency=G02.{:03}", 2 + n % 40))
    }),
    by_clerk("work", |_| "/v1/register/work?role=reviewer".to_owned()),
    by_clerk("work_of_a_small_agency", |n| {
        format!("/v1/register/work?agency=G02.{:03}", 2 + n % 40)
    }),
    List { name: "dossiers_own", by: By::Applicant, address: |_| dossiers("mine=true") },
    figures("figures_of_all_dossiers", |_| statistics("")),
    figures("figures_by_officer", |_| statistics("group_by=officer")),
    figures("figures_by_procedure_and_month_of_handling", |n| {
        let month = 1 + n % 12;
        let days = format!("from=2026-{month:02}-01&to=2026-{month:02}-28");
        statistics(&format!("group_by=procedure&period=handled&{days}"))
    }),
];

fn statistics(query: &str) -> String {
    format!("/v1/register/statistics?{query}")
}

fn dossiers(query: &str) -> String {
    format!("/v1/register/dossiers?{query}")
}

fn search(words: &str) -> String {
    dossiers(&format!("q={}", utf8_percent_encode(words, NON_ALPHANUMERIC)))
}

/// The address of the next page.
pub(super) fn next(answer: &Answer) -> Option<String> {
    let (address, _) = answer.header("link").trim_start_matches('<').split_once('>')?;
    Some(address.to_owned())
}
