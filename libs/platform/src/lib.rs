//! What a process needs from its machine and its surroundings: time, disks, secrets, metrics, logs
//! and traces, and calls to servers of third parties. It knows neither the law nor the event store.

pub mod clock;
pub mod disk;
pub mod limits;
pub mod metrics;
pub mod network;
pub mod outside;
pub mod secret;
mod shutdown;
pub mod telemetry;

pub use clock::TimeSource;
pub use shutdown::Shutdown;
