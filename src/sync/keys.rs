//! The names that the sync gives to things in the store.

use crate::digistore24::{Event, Kind, order_key};
use crate::scope::Scope;
use crate::text::short_hash;

impl Scope {
    /// Messages that wait, oldest first.
    pub fn inbox(&self, name: &str) -> String {
        self.key("inbox", name)
    }

    /// Messages that are done, kept for a while.
    pub fn done(&self, name: &str) -> String {
        self.key("done", name)
    }

    /// Messages that nothing was done for: tests, other merchants', unknown ones.
    pub fn kept(&self, name: &str) -> String {
        self.key("kept", name)
    }

    /// Messages that can't be carried out without a person.
    pub fn dead(&self, name: &str) -> String {
        self.key("dead", name)
    }

    /// Events of HighLevel that the host has not dealt with, oldest first.
    pub fn event(&self, name: &str) -> String {
        self.key("event", name)
    }

    /// Steps of playbooks whose time will come, the earliest first.
    pub fn later(&self, name: &str) -> String {
        self.key("later", name)
    }

    /// Says that a message came before.
    pub fn seen(&self, dedupe_key: &str) -> String {
        self.key("seen", &short_hash(&mut [dedupe_key].into_iter()))
    }

    /// The progress of a message's plan.
    pub fn work(&self, name: &str) -> String {
        self.key("work", name)
    }

    /// What is known about a contact.
    pub fn person(&self, contact_id: &str) -> String {
        self.key("person", contact_id)
    }

    /// What HighLevel is known to say about a contact.
    pub fn mirror(&self, contact_id: &str) -> String {
        self.key("mirror", contact_id)
    }

    /// Which contact an order belongs to.
    pub fn order(&self, order_key: &str) -> String {
        self.key("order", order_key)
    }

    /// Which contact a buyer (`merchant:id`) is.
    pub fn buyer(&self, buyer: &str) -> String {
        self.key("buyer", buyer)
    }

    /// Which contact an e-mail address belongs to. Hashed: addresses don't belong into keys.
    pub fn email(&self, email: &str) -> String {
        self.key("email", &short_hash(&mut [email].into_iter()))
    }

    /// A list of the location, as it was read: pipelines, workflows, users, ….
    pub fn named(&self, operation: &str) -> String {
        self.key("cache", operation)
    }

    /// Says which unfinished message may make the business of this name.
    pub fn claim_business(&self, name: &str) -> String {
        self.key("claim", &format!("business/{}", short_hash(&mut [name].into_iter())))
    }

    /// What the host's backfill keeps about a person, by the hash of the address: its contact, its orders.
    pub fn backfill(&self, room: &str, email: &str) -> String {
        self.key("backfill", &[room, "/", &short_hash(&mut [email].into_iter())].concat())
    }

    /// Since when messages arrive here: milliseconds since 1970.
    pub fn since(&self) -> String {
        self.key("since", "first-message")
    }

    /// The ids of the location's custom fields.
    pub fn fields(&self) -> String {
        self.key("cache", "custom-fields")
    }

    /// The lease on the messages of one person.
    pub fn lease(&self, person: &str) -> String {
        self.key("lease", person)
    }

    /// Says which message of a person has begun: no other one of this person begins before it is finished.
    pub fn claim_person(&self, person: &str) -> String {
        self.key("claim", &["person/", person].concat())
    }

    /// Says which unfinished message may write to a contact.
    pub fn claim_contact(&self, contact_id: &str) -> String {
        self.key("claim", &format!("contact/{contact_id}"))
    }

    /// Says which unfinished message may look for, or create, the contact with this e-mail address.
    pub fn claim_email(&self, email: &str) -> String {
        self.key("claim", &format!("email/{}", short_hash(&mut [email].into_iter())))
    }

    /// Says whether somebody was forgotten who holds this e-ticket.
    pub fn ticket(&self, id: &str) -> String {
        self.key("ticket", id)
    }

    /// The keys that say whether somebody was forgotten whom an event is about.
    pub fn owners(&self, event: &Event) -> Vec<String> {
        let ticket = event.eticket.as_ref().and_then(|ticket| ticket.id.as_ref());
        let mut keys = vec![self.order(&event.order_key())];
        keys.extend(ticket.map(|id| self.ticket(id)));
        keys
    }

    /// The keys that may say which contact an event is about, the surest first.
    pub fn identities(&self, event: &Event) -> Vec<String> {
        let merchant = event.merchant.id.as_deref();
        let mut keys = Vec::new();
        // An approved affiliate has no order, and who holds a ticket need not be who bought it.
        if event.event != Kind::Eticket && !event.order.base_id.is_empty() {
            keys.push(self.order(&event.order_key()));
        }
        keys.extend(event.order.upgraded_order_id.as_deref().map(|id| self.order(&order_key(merchant, id))));
        keys.extend(event.buyer.id.as_deref().map(|id| self.buyer(&order_key(merchant, id))));
        keys.extend(event.buyer.email.as_deref().map(|e| self.email(e)));
        keys
    }
}
