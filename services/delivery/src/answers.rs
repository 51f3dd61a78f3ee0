//! Takes a number for an automatic answer before it is issued. The law:
//! `libs/dossier/src/delivery/prepare_result.rs`.

use std::sync::Arc;

use dossier::Follow;
use dossier::contract::DecidedBy;
use dossier::delivery::DossierResult;
use dossier::delivery::prepare_result::{self, PrepareResult};
use engine::Streams;
use engine::tasks::{Before, BoxFuture};

use crate::numbers::{self, Numbers, register_of};

/// Takes numbers before reactions prepare results.
#[derive(Debug)]
pub(crate) struct Answers {
    pub(crate) results: Arc<Streams<DossierResult>>,
    pub(crate) numbers: Arc<Numbers>,
}

impl Answers {
    async fn number(&self, follow: &mut Follow<DossierResult>) -> Result<(), &'static str> {
        let Some(command) = follow.command.get_mut::<PrepareResult>() else { return Ok(()) };
        if command.by != DecidedBy::Rule {
            return Ok(());
        }
        let dossier = command.brief.dossier;
        let stream = Streams::<DossierResult>::name(&dossier.to_string());
        let stream = stream.map_err(|_| "a dossier whose id names no stream")?;
        let loaded =
            self.results.load(&stream).await.map_err(|_| "the result cannot be read now")?;
        let engine = self.results.engine();
        let at = engine.time().map_err(|_| "the clock is wrong")?;
        let law = engine.law();
        let brief = &command.brief;
        // If the procedure's law is not loaded, the reaction itself fails.
        let Some(rule) = law.rule(&brief.procedure, &brief.agency, at) else { return Ok(()) };
        let Some(book) = prepare_result::book(&loaded.state, command, rule.procedure) else {
            return Ok(());
        };
        let register = register_of(&brief.agency, book, &law, at).ok_or("no register")?;
        let taken = numbers::take((&self.results, &self.numbers), &register, dossier, None).await;
        match taken {
            Ok(Some(number)) => {
                command.number = Some(number);
                Ok(())
            }
            Ok(None) | Err(_) => Err("the register gives no number now"),
        }
    }
}

impl Before<DossierResult> for Answers {
    fn before<'a>(
        &'a self,
        follow: &'a mut Follow<DossierResult>,
    ) -> BoxFuture<'a, Result<(), &'static str>> {
        Box::pin(self.number(follow))
    }
}
