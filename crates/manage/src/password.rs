//! Passwords that can be read out over a telephone.

use tipring_units::Entropy;

/// Letters that sound like themselves in most languages, and are not mistaken for each other.
const CONSONANTS: &[u8] = b"bdfgklmnprstvz";
const VOWELS: &[u8] = b"aeiou";
/// Syllables; with the two digits behind them about 43 bits.
const SYLLABLES: usize = 6;

/// A new password: `lamoki-duvesa-41`.
pub fn pronounceable(entropy: &mut Entropy) -> String {
    let mut password = String::new();
    let mut pick = |from: &[u8]| char::from(from[entropy.below(from.len() as u32) as usize]);
    for syllable in 0..SYLLABLES {
        if syllable == SYLLABLES / 2 {
            password.push('-');
        }
        password.push(pick(CONSONANTS));
        password.push(pick(VOWELS));
    }
    password.push('-');
    password.push(pick(b"23456789"));
    password.push(pick(b"0123456789"));
    password
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_syllables_and_digits_and_is_never_the_same() {
        let mut entropy = Entropy::for_simulation(1);
        let all: Vec<String> = (0..100).map(|_| pronounceable(&mut entropy)).collect();
        assert!(all.iter().all(|one| one.len() == 16 && one.matches('-').count() == 2), "{}", all[0]);
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
    }
}
