//! Values whose range no derive can tell, as the [`document`](super::document) shows them.

use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A number with its range.
macro_rules! ranges {
    ($($name:ident $kind:ident $low:expr, $high:expr, $example:literal, $what:literal;)*) => {
        $(
            #[doc = $what]
            #[derive(Debug)]
            pub struct $name;

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    let number = ObjectBuilder::new().schema_type(SchemaType::Type(Type::$kind));
                    let number = number.minimum(Some($low)).maximum(Some($high)).description(Some($what));
                    number.examples([$example]).into()
                }
            }

            impl ToSchema for $name {}
        )*
    };
}

ranges! {
    FlashLength Integer 1, crate::phone::MAX_FLASH, 500, "The length of a flash, in ms.";
    BreakLength Integer 1, super::exchanges::MAX_BREAK, 250, "For how long the loop is open, in ms.";
    LoopOhms Number 0, super::exchanges::MAX_OHMS, 300, "The resistance of a loop, in ohms.";
    VoiceNumber Integer 0, tipring_sim::mouth::VOICES - 1, 1, "A voice.";
}

/// Records or lines given at once, at the most.
pub const MAX_COUNT: usize = 10_000;

/// How many records or lines are wanted; more than [`MAX_COUNT`] are refused.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "usize")]
pub struct Count(pub usize);

impl TryFrom<usize> for Count {
    type Error = String;

    fn try_from(count: usize) -> Result<Self, String> {
        if count > MAX_COUNT {
            return Err(format!("{count} are too many: {MAX_COUNT} at the most are given at once"));
        }
        Ok(Self(count))
    }
}

impl Default for Count {
    fn default() -> Self {
        Self(100)
    }
}

/// What a telephone says from here: of [`crate::protocol::Say`] all but files of the gateway's machine.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(description = "What is said.")]
pub enum Spoken {
    /// A tone.
    Tone {
        /// Its frequency, in Hz.
        #[schema(minimum = 20, exclusive_maximum = 4000, example = 1004.0)]
        hertz: f32,
        /// Its level, in dBm0.
        #[schema(minimum = -70, maximum = 3, example = -10.0)]
        dbm0: f32,
    },
    /// A voice by its number.
    #[schema(value_type = VoiceNumber)]
    Voice(u16),
}
