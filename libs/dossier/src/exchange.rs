//! Exchange: subscribers, programs outside to which changes are sent as signed messages (Standard
//! Webhooks). They receive what the change feed has for the caller who subscribed, by the rights
//! of the time of each delivery. No law demands it: the steps rest on the installation's own rules.
//!
//! The law knows neither HTTP nor signatures: whether an address answered its challenge, and that
//! nothing was delivered for days, is told to it by the service.

use crate::access::{May, agency, any, own};
use crate::contract::Role;
use crate::step::{Command, Step};

pub mod change_subscriber;
pub mod disable_subscriber;
pub mod enable_subscriber;
pub mod end_subscriber;
pub mod limits;
pub mod replay_changes;
mod rights;
pub mod rotate_subscriber_secret;
pub mod subscribe;
mod subscriber;
pub mod suspend_subscriber;
pub mod verify_subscriber;
mod wanted;

pub use subscriber::{Begin, Subscriber, SubscriberStatus};

use change_subscriber::ChangeSubscriber;
use disable_subscriber::DisableSubscriber;
use enable_subscriber::EnableSubscriber;
use end_subscriber::EndSubscriber;
use replay_changes::ReplayChanges;
use rotate_subscriber_secret::RotateSubscriberSecret;
use subscribe::Subscribe;
use suspend_subscriber::SuspendSubscriber;
use verify_subscriber::VerifySubscriber;

/// All steps, in the order in which they are taken.
pub const STEPS: &[Step] = &[
    Subscribe::STEP,
    VerifySubscriber::STEP,
    ChangeSubscriber::STEP,
    DisableSubscriber::STEP,
    SuspendSubscriber::STEP,
    EnableSubscriber::STEP,
    RotateSubscriberSecret::STEP,
    ReplayChanges::STEP,
    EndSubscriber::STEP,
];

/// Permissions to subscribe: those of the change feed without complaint handlers, whose rights
/// depend on what each complaint is about. An officer's own role comes before that of an applicant.
pub const SUBSCRIBE: &[May] = &[
    any(Role::Clerk),
    any(Role::Reviewer),
    any(Role::Approver),
    any(Role::Cashier),
    any(Role::Consultee),
    any(Role::Auditor),
    any(Role::Operator),
    any(Role::Applicant),
];

/// Permissions to read a subscriber and its deliveries, and to stop it: who subscribed, officers of
/// the agency, and operators.
pub const READ: &[May] = &[
    own(Role::Applicant),
    agency(Role::Clerk),
    agency(Role::Reviewer),
    agency(Role::Approver),
    agency(Role::Cashier),
    agency(Role::Consultee),
    agency(Role::Auditor),
    any(Role::Operator),
];
