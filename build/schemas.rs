//! Schemas as bytes.

use serde_json::Value;

use crate::{
    Result,
    entries::{list_of, text_of},
    form::{FORMATS, KEYWORDS, TYPES, node, word},
    out::{Out, use_once_more, varint},
    pack::Pack,
};

impl Pack {
    /// A schema without annotations.
    pub(crate) fn schema(&mut self, out: &mut Out, resource: usize, schema: &Value) -> Result<()> {
        let schema = schema.as_object().ok_or("a schema is no object")?;
        let mut head = node::ANY;
        let mut types = 0;
        let mut nullable = false;
        match schema.get("type") {
            Some(Value::String(one)) => head = word(&TYPES, one).ok_or("a type is not known")?,
            Some(Value::Array(many)) => {
                let mut numbers: Vec<u8> = many.iter().filter_map(|t| word(&TYPES, t.as_str()?)).collect();
                numbers.sort_unstable();
                let null = word(&TYPES, "null").unwrap_or_default();
                nullable = numbers.len() == 2 && numbers.contains(&null);
                if nullable {
                    numbers.retain(|n| *n != null);
                }
                match numbers[..] {
                    [one] if nullable => head = one,
                    _ => {
                        head = node::SEVERAL;
                        types = numbers.iter().fold(0, |bits, n| bits | 1 << (n - 1));
                    }
                }
            }
            _ => {}
        }
        if schema.contains_key("$ref") {
            head = node::REFERENCE;
        }

        let mut extras: Vec<(u8, Out)> = Vec::new();
        for (key, value) in schema {
            let Some(keyword) = word(&KEYWORDS, key) else {
                if !["type", "$ref", "$comment"].contains(&key.as_str()) {
                    return Err(format!("the keyword {key} is not known to the build").into());
                }
                continue;
            };
            let mut body = Out::default();
            match key.as_str() {
                "format" => {
                    body.push(word(&FORMATS, value.as_str().unwrap_or_default()).ok_or("a format is not known")?)
                }
                "minLength" | "maxLength" | "minItems" | "maxItems" => {
                    varint(&mut body, usize::try_from(value.as_u64().ok_or("a size is no number")?)?);
                }
                "items" => self.schema(&mut body, resource, value)?,
                "anyOf" => {
                    let choices = value.as_array().ok_or("anyOf is no list")?;
                    varint(&mut body, choices.len());
                    for choice in choices {
                        self.schema(&mut body, resource, choice)?;
                    }
                }
                "properties" => {
                    let properties = value.as_object().ok_or("properties is no object")?;
                    let required: Vec<&str> = list_of(schema, "required").filter_map(Value::as_str).collect();
                    if let Some(stray) = required.iter().find(|r| !properties.contains_key(**r)) {
                        return Err(format!("{stray} is required but no property").into());
                    }
                    varint(&mut body, properties.len());
                    for (name, property) in properties {
                        let required = required.contains(&name.as_str());
                        self.property(&mut body, resource, name, property, required)?;
                    }
                }
                "additionalProperties" => match value {
                    Value::Bool(allowed) => body.push(u8::from(*allowed)),
                    schema => {
                        body.push(2);
                        self.schema(&mut body, resource, schema)?;
                    }
                },
                "enum" if self.put_words(&mut body, value) => {}
                "enum" => self.values(&mut body, value)?,
                // They go with the properties.
                "required" if schema.contains_key("properties") => continue,
                "x-secret" => {}
                _ => self.value(&mut body, value),
            }
            extras.push((keyword, body));
        }
        // An object is most often one with properties, a list one with items: that needs no keyword.
        extras.sort();
        let plain = match (head, &extras[..]) {
            (node::OBJECT, [(k, _)]) if Some(*k) == word(&KEYWORDS, "properties") => true,
            (node::ARRAY, [(k, _)]) if Some(*k) == word(&KEYWORDS, "items") => true,
            _ => false,
        };
        let more = !plain && !extras.is_empty();
        out.push(
            head | if nullable { node::NULLABLE } else { 0 }
                | if more { node::MORE } else { 0 }
                | if plain { node::PLAIN } else { 0 },
        );
        match head {
            node::REFERENCE => {
                let number = self.def(resource, text_of(schema, "$ref"))?;
                varint(out, number);
            }
            node::SEVERAL => out.push(types),
            _ => {}
        }
        for (keyword, body) in extras {
            if more {
                out.push(keyword);
            }
            out.extend(&body);
        }
        if more {
            out.push(0);
        }
        Ok(())
    }

    /// A list of words as one text; whether it is such a list.
    pub(crate) fn put_words(&mut self, out: &mut Out, list: &Value) -> bool {
        let words: Option<Vec<&str>> = list.as_array().and_then(|list| list.iter().map(Value::as_str).collect());
        let Some(words) = words.filter(|words| words.iter().all(|word| !word.contains('\n'))) else {
            out.push(0);
            return false;
        };
        out.push(1);
        self.put_string(out, &words.join("\n"));
        true
    }

    /// The number of a property, or 0 and the property itself.
    pub(crate) fn property(
        &mut self,
        out: &mut Out,
        resource: usize,
        name: &str,
        schema: &Value,
        required: bool,
    ) -> Result<()> {
        let key = format!("{name} {}", self.canonical(resource, schema)?);
        let number = use_once_more(&mut self.properties, &key);
        varint(out, number << 1 | usize::from(required));
        if number > 0 && self.property_bodies.contains_key(&number) {
            return Ok(());
        }
        let mut body = Out::default();
        self.put_string(&mut body, name);
        self.schema(&mut body, resource, schema)?;
        match number {
            0 => out.extend(&body),
            _ => {
                self.property_bodies.insert(number, body);
            }
        }
        Ok(())
    }

    /// A schema as text that is the same in every file: references by number.
    pub(crate) fn canonical(&self, resource: usize, schema: &Value) -> Result<String> {
        Ok(match schema {
            Value::Object(object) => {
                let mut text = String::from("{");
                for (key, value) in object {
                    let value = match value {
                        Value::String(reference) if key == "$ref" => self.def(resource, reference)?.to_string(),
                        other => self.canonical(resource, other)?,
                    };
                    text += &format!("{key}:{value},");
                }
                text + "}"
            }
            Value::Array(list) => {
                let items = list.iter().map(|item| self.canonical(resource, item)).collect::<Result<Vec<_>>>()?;
                format!("[{}]", items.join(","))
            }
            other => other.to_string(),
        })
    }
}
