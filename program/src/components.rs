//! The components of a process, built once and shared by its services.

use std::sync::Arc;

use documents::Documents;
use dossier::law::Ending;
use engine::codes::Codes;
use engine::{Engine, EngineError, Settings};
use outbox::Webhooks;
use platform::TimeSource;
use platform::secret::Secret;
use web::Context;
use web::auth::Auth;
use web::quotas::Quotas;

use crate::ends::Ends;

/// The components of a process. Each service gets those that it needs.
#[derive(Debug)]
pub struct Components {
    pub engine: Arc<Engine>,
    pub context: Arc<Context>,
    pub documents: Arc<Documents>,
    /// Issues codes of new dossiers.
    pub codes: Arc<Codes>,
    /// Certificates that expire.
    pub ends: Ends,
    /// Payment providers.
    pub outside: payment::Outside,
    /// Sends changes to subscribers.
    pub webhooks: Webhooks,
    /// Persons who must agree before a file of rules is issued: 1 or 2.
    pub rule_signers: u8,
}

/// What differs between installations.
#[derive(Debug)]
pub struct Installation {
    /// Authenticates callers.
    pub auth: Auth,
    /// Limits of use, for each caller.
    pub quotas: Quotas,
    pub documents: Documents,
    pub secret: Arc<Secret>,
    /// Payment providers.
    pub outside: payment::Outside,
    /// Sends changes to subscribers.
    pub webhooks: Webhooks,
    /// Persons who must agree before a file of rules is issued: 1 or 2.
    pub rule_signers: u8,
}

impl Components {
    /// Builds the components; opens the rulebook and issues the shipped rules that the log lacks.
    pub async fn open(
        settings: Settings,
        installation: Installation,
    ) -> Result<Arc<Self>, EngineError> {
        let engine = Engine::new(settings).await?;
        let Installation { auth, quotas, documents, secret, outside, webhooks, rule_signers } =
            installation;
        let documents = Arc::new(documents);
        let context = Context::new(&engine, (auth, quotas), &documents, &secret);
        let codes = Arc::new(Codes::new(engine.holder().to_owned(), secret.key()));
        let ends = Ends::default();
        Ok(Arc::new(Self {
            engine,
            context,
            documents,
            codes,
            ends,
            outside,
            webhooks,
            rule_signers,
        }))
    }

    /// Parts of the law, certificates and keys that end soon and have no successor, the earliest
    /// first. The law ends by the clock of the log, which may be virtual; certificates and keys by
    /// the machine's.
    #[must_use]
    pub fn endings(&self) -> Vec<Ending> {
        let mut endings = self.engine.law().endings(self.engine.clock.now());
        endings.extend(self.ends.endings(TimeSource::System.now(), self.context.auth().keys_end()));
        endings.sort();
        endings
    }
}
