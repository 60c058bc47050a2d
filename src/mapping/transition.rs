//! State × signal -> state, one table. Transitions decide, not clocks: most messages carry no time of the event, and
//! Digistore24 delivers in any order.

use super::payments::Back;
use crate::{
    digistore24::{Event, Kind, Standing},
    words,
};

words! {
/// Where one item of an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Paid, and renewals (if any) go on.
    Active = "active",
    /// Cancelled, but paid until a later day.
    Cancelling = "cancelling",
    /// The last installment is paid: access for ever.
    Completed = "completed",
    /// A renewal is missing; may come yet.
    Paused = "paused",
    /// The paid time is over.
    Ended = "ended",
    /// The money went back.
    Refunded = "refunded",
    /// The bank took the money back.
    ChargedBack = "chargeback",
    /// Replaced by another order.
    Upgraded = "upgraded",
}
}

/// What an event says about one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// A payment came.
    Paid {
        /// It was the last installment.
        last: bool,
        /// The message says that renewals have been stopped.
        stop_noted: bool,
    },
    /// The very same payment was sent again after its money went back: Digistore24 may mean "restore access".
    PaidAgain,
    /// A renewal could not be charged.
    Unpaid,
    /// A renewal was not tried because buyer or vendor had cancelled.
    NotTried,
    /// A renewal is missing for a reason that doesn't say what to do.
    MissedUnclear,
    /// All that counts went back.
    RefundFull,
    /// A part went back.
    RefundPart,
    /// Something went back of what is not known: of a payment that no message told, or of one of several items.
    RefundUnclear,
    /// The bank took the money back.
    Chargeback,
    /// A cancellation was noted.
    Cancelled,
    /// The cancellation was withdrawn.
    Resumed,
    /// The paid time is over.
    LastPaidDay,
    /// Another order replaced this one.
    Replaced,
    /// Nothing that concerns the state.
    Information,
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The new state (may be the old one).
    To(State),
    /// Nothing changes.
    Keep,
    /// The message alone can't tell: ask Digistore24 or a person.
    Ask,
}

/// The table.
///
/// `state` is `None` for an item that was never seen. `order` compares the payment number (`pay_sequence_no`) of the
/// event with that of the last payment or miss that set the state: a renewal has a greater one.
pub fn transition(state: Option<State>, signal: Signal, order: std::cmp::Ordering) -> Outcome {
    use Outcome::{Ask, Keep, To};
    use Signal as S;
    use State as T;

    let newer = order.is_gt();
    // What a payment leads to. One that says "stopped" was under way when the plan was cancelled.
    let paid = |last: bool, stop_noted: bool| match (last, stop_noted) {
        (true, _) => To(T::Completed),
        (false, true) => To(T::Cancelling),
        (false, false) => To(T::Active),
    };

    match (state, signal) {
        (_, S::Information) => Keep,

        // Never seen: the message itself is the state. A withdrawn cancellation creates nothing.
        (None, S::Paid { last, stop_noted }) => paid(last, stop_noted),
        (None, S::PaidAgain) => To(T::Active),
        (None, S::Unpaid) => To(T::Paused),
        (None, S::NotTried | S::Cancelled) => To(T::Cancelling),
        (None, S::MissedUnclear | S::RefundPart | S::RefundUnclear) => Ask,
        (None, S::RefundFull) => To(T::Refunded),
        (None, S::Chargeback) => To(T::ChargedBack),
        (None, S::LastPaidDay) => To(T::Ended),
        (None, S::Resumed) => Keep,
        (None, S::Replaced) => To(T::Upgraded),

        // A chargeback beats everything, the money's end all but a chargeback, the end of access all but those two and an
        // upgrade; a payment that is newer begins anew.
        (Some(T::Ended | T::Refunded | T::ChargedBack | T::Upgraded), S::PaidAgain) => Ask,
        (Some(T::Upgraded), S::Paid { .. }) if newer => Ask,
        (Some(T::Ended | T::Refunded | T::ChargedBack), S::Paid { last, stop_noted }) if newer => {
            paid(last, stop_noted)
        }
        (Some(T::ChargedBack), _) => Keep,
        (Some(_), S::Chargeback) => To(T::ChargedBack),
        // The replaced order's remains are settled in the new one.
        (Some(T::Refunded | T::Upgraded), _) => Keep,
        (Some(_), S::RefundFull) => To(T::Refunded),
        (Some(_), S::RefundPart) => Keep,
        (Some(_), S::RefundUnclear) => Ask,
        (Some(_), S::Replaced) => To(T::Upgraded),
        (Some(T::Ended), _) => Keep,

        // A repeated message is no news unless money had gone back.
        (Some(_), S::PaidAgain) => Keep,

        (Some(T::Completed), S::Unpaid | S::MissedUnclear) if newer => Ask,
        (Some(T::Completed), _) => Keep,
        (Some(_), S::MissedUnclear) => Ask,
        // It tells of a number that has been paid since: late, or withdrawn.
        (Some(T::Active), S::LastPaidDay | S::Cancelled | S::NotTried) if order.is_lt() => Ask,
        (Some(_), S::LastPaidDay) => To(T::Ended),

        (Some(T::Active), S::Paid { last: true, .. }) => To(T::Completed),
        (Some(T::Active), S::Paid { stop_noted: true, .. }) if newer => To(T::Cancelling),
        (Some(T::Active), S::Paid { .. } | S::Resumed) => Keep,
        // An equal number: the payment may have come after all, just before this message. An older one is settled.
        (Some(T::Active), S::Unpaid) => match order {
            std::cmp::Ordering::Greater => To(T::Paused),
            std::cmp::Ordering::Equal => Ask,
            std::cmp::Ordering::Less => Keep,
        },

        // The missed payment itself, paid late, has the same number as the miss.
        (Some(T::Paused), S::Paid { last, stop_noted }) if order.is_ge() => paid(last, stop_noted),
        (Some(T::Paused), S::Paid { .. } | S::Unpaid) => Keep,
        (Some(T::Active | T::Paused), S::NotTried | S::Cancelled) => To(T::Cancelling),
        (Some(T::Paused | T::Cancelling), S::Resumed) => To(T::Active),

        // A cancelled plan never becomes paused. A payment that still says "stopped" was already under way.
        (Some(T::Cancelling), S::Paid { last: true, .. }) => To(T::Completed),
        (Some(T::Cancelling), S::Paid { stop_noted: false, .. }) if newer => To(T::Active),
        (Some(T::Cancelling), _) => Keep,
    }
}

/// What an event says about the items that it is about. `back`: what a movement of money comes to, see [`OrderState::went_back`].
///
/// [`OrderState::went_back`]: super::person::OrderState::went_back
pub fn signal(event: &Event, back: Option<Back>, repeated: bool) -> Signal {
    let plan = event.subscription.as_ref();
    let reason = plan.and_then(|p| p.stop_reason.as_deref()).unwrap_or_default();
    match event.event {
        Kind::Payment if repeated => Signal::PaidAgain,
        // Its money went back before its message came.
        Kind::Payment if back == Some(Back::Full) => Signal::RefundFull,
        Kind::Payment => Signal::Paid {
            last: plan.is_some_and(|p| p.installments > 1 && p.sequence_no >= p.installments),
            stop_noted: plan.is_some_and(|p| p.stop_noted_at.is_some()),
        },
        Kind::PaymentMissed => match reason {
            "" | "by_payment_denial" | "by_payment_uncertain" | "pay_alias_invalid" => Signal::Unpaid,
            "by_buyer" | "by_operator" => Signal::NotTried,
            _ => Signal::MissedUnclear,
        },
        Kind::Refund => match back {
            Some(Back::Part) => Signal::RefundPart,
            Some(Back::Unclear) => Signal::RefundUnclear,
            _ => Signal::RefundFull,
        },
        Kind::Chargeback => Signal::Chargeback,
        Kind::RebillCancelled => Signal::Cancelled,
        Kind::RebillResumed => Signal::Resumed,
        Kind::LastPaidDay => Signal::LastPaidDay,
        _ => Signal::Information,
    }
}

impl State {
    /// Every state, the best for a contact's status first. `Upgraded` says nothing about the contact.
    pub const ALL: [Self; 8] = [
        Self::Active,
        Self::Cancelling,
        Self::Completed,
        Self::Paused,
        Self::Ended,
        Self::Refunded,
        Self::ChargedBack,
        Self::Upgraded,
    ];

    /// The state of an item of an order that Digistore24 was asked about. `single`: it is paid once.
    pub fn of(standing: Standing, single: bool) -> Self {
        match standing {
            Standing::Completed if !single => Self::Completed,
            Standing::Paying | Standing::Completed => Self::Active,
            Standing::Unpaid => Self::Paused,
            Standing::Cancelling => Self::Cancelling,
            Standing::Ended => Self::Ended,
            Standing::Refunded => Self::Refunded,
            Standing::ChargedBack => Self::ChargedBack,
            Standing::Upgraded => Self::Upgraded,
        }
    }

    /// Whether the buyer may use the product. While a payment is missing the access is in suspense, not gone.
    pub fn grants(self) -> bool {
        matches!(self, Self::Active | Self::Cancelling | Self::Completed | Self::Paused)
    }

    /// The contact's status: the best of all items.
    pub fn best(states: impl IntoIterator<Item = Self>) -> Option<Self> {
        states.into_iter().filter(|s| *s != Self::Upgraded).min()
    }
}
