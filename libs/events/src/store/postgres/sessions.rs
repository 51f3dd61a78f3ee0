//! Sessions for tables beside the log, in the same database: of something that several processes
//! share and that is no event, as requests that are being sent.

use std::sync::Arc;

use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::connections::Connections;
use super::{connect, schema, shown};
use crate::limits::SESSIONS_MAX;
use crate::{OpenError, ReadError};

/// A few connections, re-established when they break. Each statement is a transaction of its own.
#[derive(Debug, Clone)]
pub struct PostgresSessions(Arc<Connections>);

impl PostgresSessions {
    /// Connects to the database of an event store. `script` creates the tables if they are missing;
    /// processes that start at the same time run it one after another, each in a transaction.
    ///
    /// # Errors
    ///
    /// See [`OpenError`].
    pub async fn open(url: &str, script: &str) -> Result<Self, OpenError> {
        let connections = connect(url, (false, SESSIONS_MAX)).await?;
        let unusable = |error: ReadError| OpenError::unusable(shown(url), error);
        let asked = connections.get().await.map_err(unusable)?;
        schema::run(&asked.client, &shown(url), script).await?;
        Ok(Self(connections))
    }

    /// Runs a statement, and retries it within the time limit of a failover: it must have the same
    /// effect when it is repeated.
    ///
    /// # Errors
    ///
    /// See [`ReadError`].
    pub async fn query(
        &self,
        sql: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, ReadError> {
        self.0.query(sql, values).await
    }
}
