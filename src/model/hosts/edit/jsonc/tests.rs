use proptest::prelude::*;

use super::*;

fn member(key: &str) -> Member {
    Member { key: key.to_owned(), value: "/a \"b\"/julia".to_owned(), snippet: String::new() }
}

/// The text with the member set, after a look that it comes back to the byte.
fn edited(text: &str) -> String {
    let member = member("k");
    let patch = member.patch(text).expect("patch");
    let edited = patch.applied(text).expect("applied");
    assert!(member.is_in(&edited) && !member.is_gone(&edited), "{edited}");
    assert_eq!(text_of(&edited, "k").as_deref(), Some("/a \"b\"/julia"));
    assert_eq!(member.undone(&patch, &edited).as_deref(), Some(text));
    edited
}

const V: &str = r#""k": "/a \"b\"/julia""#;

#[test]
fn a_member_comes_first_and_all_else_stays() {
    let cases = [
        ("", format!("{{\n    {V}\n}}\n")),
        ("\u{feff}", format!("\u{feff}{{\n    {V}\n}}\n")),
        (" \n", format!(" \n{{\n    {V}\n}}\n")),
        ("// mine", format!("// mine\n{{\n    {V}\n}}\n")),
        ("{}", format!("{{\n    {V}\n}}")),
        ("{\n}\n", format!("{{\n    {V}\n}}\n")),
        ("{ // all of it\n}", format!("{{ // all of it\n    {V}\n}}")),
        ("{ /* a\n b */ }", format!("{{\n    {V} /* a\n b */ }}")),
        ("{\"a\": 1}", format!("{{{V}, \"a\": 1}}")),
        (
            "{\n  \"a\": 1, // one\n  /* two */ \"b\": [2,],\n}\n",
            format!("{{\n  {V},\n  \"a\": 1, // one\n  /* two */ \"b\": [2,],\n}}\n"),
        ),
        (
            "{ // all of it\n\t// of a\n\t\"a\": 1\n}",
            format!("{{ // all of it\n\t{V},\n\t// of a\n\t\"a\": 1\n}}"),
        ),
        ("\u{feff}{\r\n  \"a\": \"é\"\r\n}\r\n", format!("\u{feff}{{\r\n  {V},\r\n  \"a\": \"é\"\r\n}}\r\n")),
    ];
    for (text, expected) in cases {
        assert_eq!(edited(text), expected);
    }
}

#[test]
fn a_value_that_is_there_is_replaced_and_put_back_as_it_was_written() {
    for value in ["\"\\u0041\"", "null", "[1, /* two */ 2]", "{\"k\": 1}"] {
        let text = format!("{{ \"a\": 1, \"k\" : {value} , }}");
        assert_eq!(edited(&text), format!("{{ \"a\": 1, \"k\" : \"/a \\\"b\\\"/julia\" , }}"));
    }
}

#[test]
fn what_cannot_be_edited_safely_is_left_alone() {
    let error = |text: &str| member("k").patch(text).expect_err(text);
    assert_eq!(error("{\"k\": 1, \"k\": 2}"), EditError::Twice { key: "k".to_owned() });
    assert_eq!(error("[1]"), EditError::NoObject);
    for broken in
        ["{", "{\"a\" 1}", "{\"a\": 1 \"b\": 2}", "{a: 1}", "{'a': 1}", "{} {}", "{\"a\": }", "{\"a\": 0x1}"]
    {
        assert!(matches!(error(broken), EditError::Syntax { .. }), "{broken}");
    }
    // Another member of a nested object is none of ours.
    assert!(edited("{\"[julia]\": {\"k\": 1}}").contains("{\"k\": 1}"));
    assert!(!member("k").is_gone("{\"k\": "));
}

#[test]
fn what_was_changed_around_it_stays() {
    let (ours, empty) = (member("k"), "{}");
    let patch = ours.patch(empty).expect("patch");
    let undone = |text: &str| ours.undone(&patch, text);
    assert_eq!(
        undone(&format!("{{\n    {V},\n    \"mine\": 1\n}}")).as_deref(),
        Some("{\n    \"mine\": 1\n}")
    );
    assert_eq!(undone(&format!("{{\n  \"mine\": 1,\n  {V}\n}}")).as_deref(), Some("{\n  \"mine\": 1\n}"));
    assert_eq!(undone(&format!("{{\"mine\": 1, {V}}}")).as_deref(), Some("{\"mine\": 1}"));
    assert_eq!(undone(&format!("{{{V}, \"mine\": 1}}")).as_deref(), Some("{ \"mine\": 1}"));
    // The comma after it is the user's, and on a line of its own.
    assert_eq!(undone(&format!("{{\n    {V}\n, \"mine\": 1}}")).as_deref(), Some("{\n \"mine\": 1}"));
    // Twice, or with another value: whose it is, is not known.
    assert_eq!(undone(&format!("{{{V}, {V}}}")), None);
    assert_eq!(undone("{\"k\": \"/other\"}"), None);
    assert!(ours.is_gone("{\"k\": \"/other\"}") && ours.is_gone("{}"));
}

proptest! {
    #[test]
    fn two_members_come_back_to_the_byte(
        parts in proptest::collection::vec("( |\n|\r\n|//x\n|/\\*y\\*/|\"a\": ?(1|null|\"k\")|,)", 0..8),
    ) {
        let text = format!("{{{}}}", parts.concat());
        let (one, two) = (member("k"), member("l"));
        if let Ok(first) = one.patch(&text) {
            let once = first.applied(&text).expect("applied");
            let second = two.patch(&once).expect("patch");
            let twice = second.applied(&once).expect("applied");
            prop_assert!(one.is_in(&twice) && two.is_in(&twice), "{}", twice);
            let back = two.undone(&second, &twice);
            prop_assert_eq!(back.as_deref(), Some(once.as_str()));
            prop_assert_eq!(one.undone(&first, &once), Some(text.clone()));
            // In the other order nothing of the user's is lost.
            if let Some(without_one) = one.undone(&first, &twice) {
                prop_assert!(two.is_in(&without_one), "{}", without_one);
            }
        }
    }
}
