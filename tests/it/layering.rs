//! Dependencies point down. The layers are data; the sources are read as text, without comments and strings.
//!
//! Not here: paths through aliases (`use crate as c`) and macros that paste a path together.

use std::fs;
use std::path::Path;

/// From the ground up. A module may name its own layer and those below; `lib.rs` is the map above them all.
const LAYERS: &[&[&str]] = &[
    &["error", "rng", "par"],
    &["kernel"],
    &["input"],
    &["binary"],
    &["capacity", "classical", "dense", "machine", "modern"],
    &["layer"],
    &["python"],
];
/// The only module that may say `unsafe`.
const UNSAFE: &str = "kernel";
/// The only module that may name these crates.
const BINDING: (&str, [&str; 2]) = ("python", ["numpy", "pyo3"]);
/// How many lines above an `unsafe` its reason may stand.
const NEAR: usize = 6;

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// The source with comments, strings and characters blanked out, line for line.
fn code_of(source: &str) -> String {
    let text: Vec<char> = source.chars().collect();
    let starts = |at: usize, what: &str| what.chars().enumerate().all(|(i, c)| text.get(at + i) == Some(&c));
    let mut code = String::new();
    let mut at = 0;
    while at < text.len() {
        let from = at;
        if starts(at, "//") {
            at = (at..text.len()).find(|&i| text[i] == '\n').unwrap_or(text.len());
        } else if starts(at, "/*") {
            let mut depth = 0;
            while at < text.len() {
                let (opens, closes) = (starts(at, "/*"), starts(at, "*/"));
                depth = depth + usize::from(opens) - usize::from(closes);
                at += 1 + usize::from(opens || closes);
                if depth == 0 {
                    break;
                }
            }
        } else if let Some(hashes) = raw_string(&text[at..]) {
            let end = format!("\"{}", "#".repeat(hashes));
            at += hashes + 2;
            at = (at..text.len()).find(|&i| starts(i, &end)).map_or(text.len(), |i| i + end.len());
        } else if text[at] == '"' || is_character(&text[at..]) {
            let quote = text[at];
            at += 1;
            while at < text.len() && text[at] != quote {
                at += 1 + usize::from(text[at] == '\\');
            }
            at += 1;
        } else {
            code.push(text[at]);
            at += 1;
            continue;
        }
        code.extend(text[from..at.min(text.len())].iter().map(|&c| if c == '\n' { '\n' } else { ' ' }));
    }
    code
}

/// The number of hashes, if a raw string begins here.
fn raw_string(text: &[char]) -> Option<usize> {
    let hashes = text.strip_prefix(&['r'])?.iter().take_while(|&&c| c == '#').count();
    (text.get(hashes + 1) == Some(&'"')).then_some(hashes)
}

/// Whether a character begins here, rather than a lifetime.
fn is_character(text: &[char]) -> bool {
    text[0] == '\'' && (text.get(1) == Some(&'\\') || text.get(2) == Some(&'\''))
}

/// Names, each with the byte where it begins, and `::`, `{`, `}` and `,`: what a path is made of.
fn tokens(code: &str) -> Vec<(usize, &str)> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    let mut rest = 0;
    while let Some(c) = code[rest..].chars().next() {
        let tail = &code[rest..];
        let length = match c {
            _ if is_name(c) => tail.find(|c| !is_name(c)).unwrap_or(tail.len()),
            ':' if tail.starts_with("::") => 2,
            _ => c.len_utf8(),
        };
        if !c.is_whitespace() {
            found.push((rest, &tail[..length]));
        }
        rest += length;
    }
    found
}

/// The first names after `crate::` or `super::`: one, or all those between braces.
fn heads<'a>(tokens: &[(usize, &'a str)]) -> Vec<&'a str> {
    match tokens.first() {
        Some((_, "{")) => {
            let (mut depth, mut heads, mut fresh) = (0, Vec::new(), true);
            for &(_, token) in tokens {
                match token {
                    "{" => depth += 1,
                    "}" => depth -= 1,
                    "," => fresh = depth == 1,
                    name if fresh && depth == 1 => {
                        heads.push(name);
                        fresh = false;
                    }
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
            heads
        }
        Some(&(_, name)) => vec![name],
        None => Vec::new(),
    }
}

/// The module that `lib.rs` re-exports `name` from.
fn origin<'a>(lib: &'a str, name: &str) -> Option<&'a str> {
    lib.split(';').filter_map(|item| item.split_once("pub use ")).find_map(|(_, path)| {
        let words = tokens(path);
        words.iter().any(|&(_, word)| word == name).then(|| words[0].1)
    })
}

/// What is wrong with one file, `path` relative to `src`.
fn check(path: &str, source: &str, lib: &str) -> Vec<String> {
    let module = path.split('/').next().unwrap_or(path).trim_end_matches(".rs");
    if module == "lib" {
        return Vec::new();
    }
    let Some(own) = layer(module) else {
        return vec![format!("{path}: the module `{module}` has no layer: give it one in tests/it/layering.rs")];
    };
    let code = code_of(source);
    let lib = code_of(lib);
    let lines: Vec<&str> = source.lines().collect();
    let words = tokens(&code);
    let mut wrong = Vec::new();
    for (i, &(byte, word)) in words.iter().enumerate() {
        let row = code[..byte].matches('\n').count();
        let mut complain = |what: String| wrong.push(format!("{path}:{}: {what}", row + 1));
        let opens_path = words.get(i + 1).is_some_and(|&(_, next)| next == "::");
        match word {
            "crate" | "super" if opens_path => {
                for head in heads(&words[i + 2..]) {
                    let exported = if word == "crate" { origin(&lib, head) } else { None };
                    let target = if layer(head).is_some() { head } else { exported.unwrap_or(head) };
                    match layer(target) {
                        Some(other) if other > own => complain(format!("`{module}` reaches up to `{target}`")),
                        None if word == "crate" => complain(format!("`crate::{head}` belongs to no layer")),
                        _ => {}
                    }
                }
            }
            name if opens_path && BINDING.1.contains(&name) && module != BINDING.0 => {
                complain(format!("`{name}` outside of src/{}", BINDING.0));
            }
            "unsafe" if module != UNSAFE => complain(format!("`unsafe` outside of src/{UNSAFE}")),
            "unsafe" if !is_explained(&code, &words[..=i + 2], &lines) => {
                complain("`unsafe` without a SAFETY comment".to_owned());
            }
            _ => {}
        }
    }
    wrong
}

/// Whether the `unsafe` two words before the end has a reason: just above it or, for a function, just above or just
/// inside what it is part of (a trait, an `impl`, a module). The type of a function needs none.
fn is_explained(code: &str, words: &[(usize, &str)], lines: &[&str]) -> bool {
    let row_of = |word: usize| code[..words[word].0].matches('\n').count();
    let own = words.len() - 3;
    if gives_reason(&lines[..row_of(own)]) {
        return true;
    }
    match [words[own + 1].1, words[own + 2].1] {
        ["fn", "("] => true,
        ["fn", _] => {
            let mut open = Vec::new();
            for (i, &(_, word)) in words[..own].iter().enumerate() {
                match word {
                    "{" | "(" | "[" => open.push(i),
                    "}" | ")" | "]" => drop(open.pop()),
                    _ => {}
                }
            }
            open.last().is_some_and(|&opener| {
                let header = (0..opener).rev().find(|&i| [";", "{", "}"].contains(&words[i].1)).map_or(0, |i| i + 1);
                let inside = row_of(opener) + 1;
                gives_reason(&lines[..row_of(header)]) || gives_reason(&lines[inside..lines.len().min(inside + NEAR)])
            })
        }
        _ => false,
    }
}

/// Whether one of the last few `lines` is a comment with a reason.
fn gives_reason(lines: &[&str]) -> bool {
    lines
        .iter()
        .rev()
        .take(NEAR)
        .any(|line| line.trim_start().starts_with("//") && (line.contains("SAFETY") || line.contains("# Safety")))
}

fn sources(folder: &Path, prefix: &str, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            sources(&entry.path(), &format!("{name}/"), found);
        } else if name.ends_with(".rs") {
            found.push((name, fs::read_to_string(entry.path()).unwrap()));
        }
    }
}

#[test]
fn dependencies_point_down() {
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut found);
    let lib = &found.iter().find(|(path, _)| path == "lib.rs").expect("src/lib.rs").1.clone();
    assert!(found.len() > 5, "only {} sources found", found.len());
    let wrong: Vec<String> = found.iter().flat_map(|(path, source)| check(path, source, lib)).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The complaint about `source`, if it is just one.
fn complaint(path: &str, source: &str) -> Option<String> {
    let lib = "pub use error::{Error, Result};\npub use modern::ModernHopfield;";
    let mut wrong = check(path, source, lib);
    assert!(wrong.len() < 2, "{wrong:?}");
    wrong.pop()
}

#[test]
fn planted_faults_are_found() {
    for (path, source, expected) in [
        ("kernel/mod.rs", "use crate::modern::Memory;", "mod.rs:1: `kernel` reaches up to `modern`"),
        ("kernel/mod.rs", "\nfn f() { crate::python::go() }", "mod.rs:2: `kernel` reaches up to `python`"),
        ("kernel/mod.rs", "use crate::{error::{Error, Result},\n layer::A};", "`kernel` reaches up to `layer`"),
        ("kernel/exp.rs", "use super::super::modern;", "`kernel` reaches up to `modern`"),
        ("input/mod.rs", "use crate::ModernHopfield;", "`input` reaches up to `modern`"),
        ("rng.rs", "use crate::Nowhere;", "`crate::Nowhere` belongs to no layer"),
        ("stray.rs", "", "the module `stray` has no layer"),
        ("modern/mod.rs", "use pyo3::prelude::*;", "`pyo3` outside of src/python"),
        ("modern/mod.rs", "fn f(x: numpy::PyArray1<f32>) {}", "`numpy` outside of src/python"),
        ("par.rs", "// SAFETY: no\nunsafe { f() }", "`unsafe` outside of src/kernel"),
        ("kernel/x86.rs", "unsafe { f() }", "`unsafe` without a SAFETY comment"),
        ("kernel/x86.rs", "let s = \"// SAFETY: x\";\nunsafe fn f() {}", "`unsafe` without a SAFETY comment"),
        ("kernel/x86.rs", "trait A {\nunsafe fn f();\n}", "x86.rs:2: `unsafe` without a SAFETY comment"),
        ("kernel/x86.rs", "// SAFETY: a\n\n\n\n\n\n\nunsafe { f() }", "`unsafe` without a SAFETY comment"),
        ("kernel/x86.rs", "let a = '\"'; unsafe {} // \"", "`unsafe` without a SAFETY comment"),
    ] {
        let found = complaint(path, source).unwrap_or_default();
        assert!(found.contains(expected), "{source:?}: {found:?} instead of {expected:?}");
    }
}

#[test]
fn what_is_allowed_passes() {
    for (path, source) in [
        ("modern/mod.rs", "use crate::{Error, kernel::{self, lanes}, input};\nuse crate::classical::Tie;"),
        ("python/mod.rs", "use pyo3::prelude::*; use crate::ModernHopfield; use super::layer;"),
        ("kernel/mod.rs", "// crate::modern, unsafe, pyo3::x\n/* unsafe /* nested */ unsafe */ let s = \"unsafe\";"),
        ("kernel/mod.rs", "let s = r#\"unsafe \" crate::python\"#; fn f<'a>(x: &'a str) {} let c = '\\'';"),
        ("kernel/x86.rs", "// SAFETY: checked in `table`\nunsafe { f() }"),
        ("kernel/x86.rs", "type F = unsafe fn(usize);"),
        ("kernel/x86.rs", "/// # Safety\n/// a\ntrait A {\n\n\n\n\n\n\n\nfn g() {}\nunsafe fn f();}"),
        ("kernel/x86.rs", "mod a {\nuse b;\n// SAFETY of all entry points: c\n\n\n\n\n\n\nunsafe fn f() {}}"),
        ("kernel/x86.rs", "/// # Safety\n/// The slices are equally long.\n#[inline]\nunsafe fn f() {}"),
    ] {
        assert_eq!(complaint(path, source), None, "{source:?}");
    }
}
