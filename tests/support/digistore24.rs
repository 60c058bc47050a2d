//! Digistore24's API as far as the sync asks it.

use ghl_digistore24::http::Request;
use ghl_digistore24::json::{Value, json};

use super::World;

impl World {
    /// The envelope that a function answers with.
    pub(super) fn digistore24(&mut self, request: &Request) -> Value {
        let form: Vec<(String, String)> =
            form_urlencoded::parse(request.body.as_deref().unwrap_or_default().as_bytes()).into_owned().collect();
        let of = |name: &str| form.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str()).unwrap_or_default();
        match request.url.rsplit('/').next().unwrap().split('?').next().unwrap() {
            "getUserInfo" => json!({ "result": "success", "data": { "user_id": "777" } }),
            "getPurchase" => match self.purchases.get(of("purchase_id")) {
                Some(purchase) => json!({ "result": "success", "data": purchase }),
                None => json!({ "result": "error", "code": 4, "message": "Purchase not found" }),
            },
            function @ ("getEticket" | "listCustomFormRecords") => {
                let key = [function, " ", of("eticket_id"), of("purchase_id")].concat();
                match self.answers.get(&key) {
                    Some(answer) => json!({ "result": "success", "data": answer }),
                    None => json!({ "result": "error", "code": 4, "message": "Not found" }),
                }
            }
            function => {
                self.shop.push([function, " ", request.body.as_deref().unwrap_or_default()].concat());
                json!({ "result": "success", "data": { "id": "5", "url": "https://buy.example.com/5", "is_modified": "Y" } })
            }
        }
    }
}

/// An order as `getPurchase` tells it, of the same person as [`super::event`].
pub fn purchase(id: &str, status: &str, transactions: &[(&str, &str, &str)]) -> Value {
    let list = transactions.iter().enumerate().map(|(i, (transaction, kind, amount))| {
        let at = format!("2026-{:02}-18 10:00:00", 10 + i);
        json!({
            "id": *transaction, "type": *kind, "amount": *amount, "currency": "EUR", "created_at": at,
            "pay_sequence_no": (i + 1).to_string(), "purchase_id": id,
        })
    });
    json!({
        "id": id, "created_at": "2026-10-18 10:00:00", "billing_type": "subscription", "billing_status": status,
        "next_payment_at": "2026-12-18", "order_type": "live", "currency": "EUR", "number_of_installments": "0",
        "is_canceled_now": "N", "is_canceled_later": "N",
        "buyer": { "id": "42", "email": "Kaethe@example.de", "first_name": "Käthe", "last_name": "Grünwald",
                   "country": "DE", "phone_no": "030 1234567" },
        "items": [{ "id": "31", "product_id": "512345", "product_name": "Kräuterkurs", "quantity": "1" }],
        "transaction_list": list.collect::<Vec<_>>(),
    })
}
