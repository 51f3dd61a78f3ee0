//! Templates of papers of an agency, as defined in files, one for each agency and form of paper. An
//! agency without one uses that of the nearest agency above it, otherwise the shipped one. Papers
//! are made again by the version that they were issued with, which stays in the log.

use std::sync::Arc;

use ::papers::{PageSize, Template, TemplateFault, TemplateHead, TemplateLine};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use super::file::{content, read};
use super::{Dated, InForce, InvalidLaw, Law, OUTDATED};
use crate::contract::{AgencyCode, PaperIssued};

mod fields;
mod forms;

pub use forms::PaperForm;
#[cfg(test)]
pub(crate) use forms::assert_fields;

/// A file with a template of a paper.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaperRules {
    pub id: String,
    /// Increases with every change.
    pub version: u32,
    /// Laws and decisions that require the paper and define its form.
    pub legal_basis: String,
    /// The agency that issues the papers; those below it use the template too, unless they have
    /// their own.
    pub agency: AgencyCode,
    pub paper: PaperForm,
    /// The days of issue for which it is used.
    pub effective: InForce,
    pub title: String,
    pub page: PageSize,
    pub lines: Vec<TemplateLine>,
    /// The translation for those who ask for it; without one they get the Vietnamese paper.
    #[serde(default)]
    pub english: Option<PaperTranslation>,
}

/// An English translation, for information.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaperTranslation {
    pub title: String,
    pub lines: Vec<TemplateLine>,
}

/// A template of an agency that is law.
#[derive(Debug, Clone)]
pub(super) struct AgencyTemplate {
    agency: AgencyCode,
    form: PaperForm,
    effective: InForce,
    version: u32,
    template: Arc<Template>,
    english: Option<Arc<Template>>,
    withdrawn: bool,
}

/// The versions of the files of templates, by the id of the file.
pub(super) type AgencyTemplates = std::collections::BTreeMap<String, Dated<AgencyTemplate>>;

/// A template, or its faults.
pub(super) type Made = Result<Template, Vec<TemplateFault>>;

/// Who issues a paper, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Issuer<'a> {
    pub(crate) law: &'a Law,
    pub(crate) agency: &'a AgencyCode,
    pub(crate) at: Timestamp,
}

impl PaperRules {
    /// The template and its translation, or their faults with pointers into the file.
    pub(super) fn templates(&self) -> (Made, Option<Made>) {
        let head = |language: &str, title: &str| TemplateHead {
            name: self.id.clone(),
            version: self.version,
            language: language.to_owned(),
            title: title.to_owned(),
            page: self.page,
        };
        let made = |head, lines: &[TemplateLine], at: &str| {
            let placed = |fault: TemplateFault| {
                let pointer = format!("{at}{}", fault.pointer);
                TemplateFault { pointer, ..fault }
            };
            Template::new(head, lines.to_vec(), self.paper.fields())
                .map_err(|faults| faults.into_iter().map(placed).collect())
        };
        let template = made(head("vi", &self.title), &self.lines, "/lines");
        let english = self.english.as_ref();
        let english = english.map(|one| made(head("en", &one.title), &one.lines, "/english/lines"));
        (template, english)
    }

    /// The fields that its paper must print and it does not.
    pub(super) fn missing<'a>(&self, template: &'a Template) -> Vec<&'a str> {
        let printed = template.printed();
        self.paper.required().iter().copied().filter(|field| !printed.contains(field)).collect()
    }
}

impl Law {
    /// Adds a file that was recorded at `at`.
    pub(super) fn add_paper(
        &mut self,
        file: &str,
        text: &str,
        at: Option<Timestamp>,
    ) -> Result<(), InvalidLaw> {
        let rules: PaperRules = read(file, text)?;
        if self.newest_paper(&rules.id).is_some_and(|newest| newest >= rules.version) {
            return Err(content(file, OUTDATED));
        }
        if let Some(other) = self.paper_besides(&rules) {
            let reason = format!("`{other}` is the template of this agency and paper already");
            return Err(content(file, &reason));
        }
        let (template, english) = rules.templates();
        let (template, english) = match (template, english.transpose()) {
            (Ok(template), Ok(english)) => (template, english),
            (Err(faults), _) | (_, Err(faults)) => {
                let first = faults.first().map(|fault| fault.error.to_string());
                return Err(content(file, &first.unwrap_or_default()));
            }
        };
        let PaperRules { id, version, agency, paper: form, effective, .. } = rules;
        let (template, english) = (Arc::new(template), english.map(Arc::new));
        let withdrawn = false;
        let known =
            AgencyTemplate { agency, form, effective, version, template, english, withdrawn };
        self.papers.entry(id).or_default().push((at, known));
        Ok(())
    }

    /// Takes a version out of use before its first day. A paper may have been issued with it in its
    /// first instant, so it stays known.
    pub(super) fn withdraw_paper(&mut self, id: &str, version: u32) {
        let versions = self.papers.get_mut(id).into_iter().flatten();
        for (_, known) in versions.filter(|(_, known)| known.version == version) {
            known.withdrawn = true;
        }
    }

    /// The newest version of a file; 0 if there is none.
    pub(super) fn newest_paper(&self, id: &str) -> Option<u32> {
        self.papers.get(id)?.last().map(|(_, known)| known.version)
    }

    /// Another file with the template of the same agency and paper, or one of the same name of
    /// another agency or paper: a file stays that of its agency and paper.
    pub(super) fn paper_besides(&self, rules: &PaperRules) -> Option<&str> {
        let same =
            |known: &AgencyTemplate| known.agency == rules.agency && known.form == rules.paper;
        let newest = self.papers.iter().filter_map(|(id, all)| Some((id, &all.last()?.1)));
        let mut found = newest.filter(|(id, known)| (**id == rules.id) != same(known));
        found.next().map(|(id, _)| id.as_str())
    }

    /// The template with which a paper is issued.
    pub(crate) fn template(&self, form: PaperForm, issuer: &Issuer<'_>) -> Arc<Template> {
        let Some(known) = self.own_template(form, issuer) else { return form.newest() };
        Arc::clone(&known.template)
    }

    fn own_template(&self, form: PaperForm, issuer: &Issuer<'_>) -> Option<&AgencyTemplate> {
        let agency = self.present(issuer.agency, issuer.at);
        let day = self.calendar_of(agency)?.date_of(issuer.at);
        let own = self.papers.values().filter_map(|all| in_force(all, day, issuer.at));
        own.filter(|known| known.form == form && known.agency.covers(agency))
            .max_by_key(|known| known.agency.as_str().len())
    }

    /// The template with which a paper was issued; `None` if neither the law nor this version of
    /// the program has it.
    pub(crate) fn template_of(
        &self,
        form: PaperForm,
        issued: &PaperIssued,
    ) -> Option<Arc<Template>> {
        let known = self.agency_template(form, &issued.template, issued.version);
        known
            .map(|known| Arc::clone(&known.template))
            .or_else(|| form.version(&issued.template, issued.version))
    }

    /// The translation of a template; `None` if it has none.
    pub(crate) fn translation_of(
        &self,
        form: PaperForm,
        template: &Template,
    ) -> Option<Arc<Template>> {
        match self.agency_template(form, &template.name, template.version) {
            Some(known) => known.english.clone(),
            None => form.translation(),
        }
    }

    fn agency_template(
        &self,
        form: PaperForm,
        name: &str,
        version: u32,
    ) -> Option<&AgencyTemplate> {
        let versions = self.papers.get(name)?.iter().map(|(_, known)| known);
        versions.into_iter().find(|known| known.form == form && known.version == version)
    }
}

/// The newest version for this day that was recorded up to `at`.
fn in_force(versions: &Dated<AgencyTemplate>, day: Date, at: Timestamp) -> Option<&AgencyTemplate> {
    let known = |recorded: &Option<Timestamp>| recorded.is_none_or(|recorded| recorded <= at);
    let mut newest = versions.iter().rev().filter(|(recorded, _)| known(recorded));
    let found = newest.find(|(_, known)| !known.withdrawn && known.effective.contains(day));
    found.map(|(_, known)| known)
}

#[cfg(test)]
mod tests;
