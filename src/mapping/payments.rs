//! The money of an order: what was paid, what went back, and what that means for the items. Messages come in any order, and a
//! refund may name a payment that no message told.

use super::{person::OrderState, transition::State};
use crate::json::{Json, Map, ToJson, put};
use crate::{
    digistore24::{Cents, Event, Item, Kind},
    record,
};

record! {
    /// One payment and what went back of it.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct Payment {
        /// Its transaction.
        pub id: String,
        /// What the buyer paid.
        pub gross: Cents,
        /// Its number in the plan.
        pub sequence_no: u32,
        /// The items that it paid for, and how much of it each; null where no message said it.
        pub items: Map,
        /// Refunds and chargebacks.
        pub returned: Vec<Returned>,
    }
}

record! {
    /// Money that went back.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Returned {
        /// Its own transaction.
        pub id: String,
        /// How much.
        pub gross: Cents,
        /// For which items.
        pub items: Vec<String>,
    }
}

/// What money that went back means for the items that it was paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Back {
    /// All that counts.
    Full,
    /// A part, or an older payment: a gesture.
    Part,
    /// It can't be told.
    Unclear,
}

impl Payment {
    /// Whether its own message came: money that goes back may name a payment that no message told.
    pub(crate) fn has_come(&self) -> bool {
        self.gross.0 != 0 || !self.items.is_empty()
    }

    /// Paid less returned.
    pub fn left(&self) -> Cents {
        Cents(self.gross.0 - self.back())
    }

    fn back(&self) -> i64 {
        self.returned.iter().map(|r| r.gross.0).sum()
    }

    /// What is left of what was paid for the items: all of it, unless it paid for others too and the message told the parts.
    /// Without one refund, which may have been noted by an earlier try. Nothing where it paid for none of them; what is
    /// `named` did, though the items' own messages may still come.
    fn left_for(&self, keys: &[String], but: &str, named: bool) -> Option<i64> {
        let (mut sum, mut some, mut all) = (0, self.items.is_empty(), true);
        for (key, part) in &self.items {
            match Cents::from_json(part.clone()).filter(|_| !part.is_null()) {
                _ if !keys.contains(key) => all = false,
                Some(part) => (sum, some) = (sum + part.0, true),
                None => (sum, some) = (sum + self.gross.0, true),
            }
        }
        if all || (named && !some) {
            (sum, some) = (self.gross.0, true);
        }
        for one in &self.returned {
            if one.id != but && (one.items.is_empty() || one.items.iter().any(|key| keys.contains(key))) {
                sum -= one.gross.0;
            }
        }
        some.then_some(sum.min(self.gross.0))
    }
}

/// Begins the name of a payment that a refund didn't name.
const UNNAMED: &str = "before ";

impl OrderState {
    /// Notes a payment, refund or chargeback of some items. Noting it twice changes nothing.
    pub fn note_money(&mut self, event: &Event, keys: &[String]) {
        let (Some(transaction), Some(money)) = (&event.transaction, &event.money) else { return };
        match event.event {
            Kind::Payment => {
                let payment = self.payment_mut(&transaction.id);
                payment.gross = money.gross;
                payment.sequence_no = event.sequence_no();
                for key in keys {
                    let item = event.items.iter().find(|item| item.is(key));
                    put(&mut payment.items, key, item.and_then(|item| item.money.as_ref()).map(|m| m.gross).to_json());
                }
            }
            Kind::Refund | Kind::Chargeback => {
                let known = self.returned_payment(event).map(|p| p.id.clone());
                let id = known
                    .or_else(|| transaction.parent_id.clone())
                    .unwrap_or_else(|| UNNAMED.to_owned() + &transaction.id);
                let payment = self.payment_mut(&id);
                match payment.returned.iter_mut().find(|r| r.id == transaction.id) {
                    // Each item's message tells of the same movement.
                    Some(known) if !known.items.is_empty() => {
                        known.items.retain(|key| !keys.contains(key));
                        known.items.extend_from_slice(keys);
                    }
                    Some(_) => {}
                    None => {
                        let (id, items) = (transaction.id.clone(), keys.to_vec());
                        payment.returned.push(Returned { id, gross: money.gross, items });
                    }
                }
            }
            _ => {}
        }
    }

    fn payment_mut(&mut self, id: &str) -> &mut Payment {
        let index = self.payments.iter().position(|p| p.id == id).unwrap_or(self.payments.len());
        if index == self.payments.len() {
            self.payments.push(Payment { id: id.to_owned(), ..Payment::default() });
        }
        #[expect(clippy::indexing_slicing, reason = "the index was found or made one line above")]
        &mut self.payments[index]
    }

    /// Which payment a refund returns: the one it names, which may come later. Where it names none: the only one, else the
    /// only one of the same number.
    fn returned_payment(&self, event: &Event) -> Option<&Payment> {
        if let Some(named) = event.transaction.as_ref().and_then(|t| t.parent_id.as_ref()) {
            return self.payments.iter().find(|p| p.id == *named);
        }
        let same_number: Vec<&Payment> =
            self.payments.iter().filter(|p| p.sequence_no == event.sequence_no()).collect();
        match (self.payments.as_slice(), same_number.as_slice()) {
            ([only], _) => Some(only),
            (_, [only]) => Some(only),
            _ => None,
        }
    }

    /// What a refund, or a payment whose money went back before its message came, means for the items. To be asked when the
    /// money is noted. Nothing for all else.
    ///
    /// A part of what was paid for them ends nothing; one installment of several doesn't, until all are back; of a plan without
    /// end the newest payment does, an older one is a gesture. Of a payment that no message told only this is certain: it is
    /// an older one, or another installment is still paid.
    pub fn went_back(&self, event: &Event, keys: &[String]) -> Option<Back> {
        let money = event.money.as_ref()?;
        let is_refund = event.event == Kind::Refund;
        let own = match event.event {
            Kind::Refund => self.returned_payment(event),
            Kind::Payment => self.payments.iter().find(|p| event.transaction.as_ref().is_some_and(|t| t.id == p.id)),
            _ => return None,
        };
        let own = own.filter(|own| own.has_come());
        let installments = event.subscription.as_ref().is_some_and(|s| s.installments > 1);
        // What has no number of its own is not noted.
        let mut all = if event.transaction.is_none() && is_refund { -money.gross.0 } else { 0 };
        let (mut this, mut newest, mut count) = (all, 0, 0);
        for one in self.payments.iter().filter(|one| one.has_come()) {
            // An upsell has payments of its own.
            let is_own = own.is_some_and(|own| own.id == one.id);
            let Some(left) = one.left_for(keys, "", is_own) else { continue };
            all += left.max(0);
            newest = newest.max(one.sequence_no);
            count += 1;
            if is_own {
                this += left;
            }
        }
        let number = event.sequence_no();
        let back = match own {
            _ if installments && all > 0 => Back::Part,
            Some(_) if installments && count >= newest => Back::Full,
            Some(own) if !installments && (this > 0 || own.sequence_no < newest) => Back::Part,
            Some(_) if !installments => Back::Full,
            None if !installments && (1..newest).contains(&number) => Back::Part,
            _ => Back::Unclear,
        };
        (is_refund || back == Back::Full && own.is_some_and(|own| !own.returned.is_empty())).then_some(back)
    }

    /// Of several items that a refund may mean, because it names none, the one that cost just as much. `None`: it can't be
    /// told. A part of any of them is one of all.
    pub(super) fn meant(&self, event: &Event, keys: &[String]) -> Option<Vec<String>> {
        let names = |item: &Item| item.id.is_some() || item.product_id.is_some();
        let (Kind::Refund, Some(money), Some(payment)) = (&event.event, &event.money, self.returned_payment(event))
        else {
            return Some(keys.to_vec());
        };
        let own = event.transaction.as_ref().map(|t| t.id.as_str()).unwrap_or_default();
        let left = |keys: &[String]| payment.left_for(keys, own, true).unwrap_or_default();
        if keys.len() < 2 || event.items.iter().any(names) || money.gross.0 >= left(keys) {
            return Some(keys.to_vec());
        }
        let (mut same, mut is_less) = (Vec::new(), true);
        for key in keys {
            let left = left(std::slice::from_ref(key));
            is_less &= money.gross.0 < left;
            if money.gross.0 == left {
                same.push(key.clone());
            }
        }
        if is_less { Some(keys.to_vec()) } else { Some(same).filter(|same| same.len() == 1) }
    }

    /// Whether a refund of this payment came before the payment itself, and was a part of it: its message couldn't tell.
    pub fn was_returned_in_part(&self, event: &Event) -> bool {
        let (Kind::Payment, Some(transaction), Some(money)) = (&event.event, &event.transaction, &event.money) else {
            return false;
        };
        self.payments.iter().any(|p| p.id == transaction.id && p.gross == Cents(0) && p.back() < money.gross.0)
    }

    /// What is left of all payments: paid less returned. What went back of a payment that no message told was never counted;
    /// what names none went back of one that is.
    pub fn balance(&self) -> Cents {
        let has_any = self.payments.iter().any(Payment::has_come);
        let counts = |p: &&Payment| p.has_come() || has_any && p.id.starts_with(UNNAMED);
        Cents(self.payments.iter().filter(counts).map(|p| p.left().0).sum())
    }

    /// Whether this payment's money has gone back: all of it, or so that something that it paid for is gone.
    pub fn is_returned(&self, transaction: &str) -> bool {
        let is_gone = |key: &String| {
            self.item(key).is_some_and(|item| matches!(item.state, State::Refunded | State::ChargedBack))
        };
        let is_back = |payment: &Payment| {
            payment.left().0 <= 0 || payment.returned.iter().any(|returned| returned.items.iter().any(is_gone))
        };
        self.payments.iter().any(|p| p.id == transaction && !p.returned.is_empty() && is_back(p))
    }
}
