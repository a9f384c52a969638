//! `cargo xtask tables`: the datamodel's tables for people and other programs, always made anew from the source.

use crate::run::Failure;
use serde_json::Value as Json;
use std::fmt::Write as _;
use std::path::Path;

pub fn tables(arguments: &[String]) -> Result<(), Failure> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        [] => {
            println!("{}", xenith_datamodel::export_json());
            Ok(())
        }
        ["--docs", folder] => docs(Path::new(folder)),
        _ => Err(Failure("usage: cargo xtask tables [--docs FOLDER]".to_owned())),
    }
}

/// One page a class, and an index.
fn docs(folder: &Path) -> Result<(), Failure> {
    let tables: Json = serde_json::from_str(&xenith_datamodel::export_json())
        .map_err(|cause| Failure(format!("the export cannot be read: {cause}")))?;
    std::fs::create_dir_all(folder)?;
    let version = list(&tables["api_version"]).map(Json::to_string).collect::<Vec<_>>();
    let mut index = format!(
        "# XenAPI {}\n\n| class | what it is |\n| --- | --- |\n",
        version.join(".")
    );
    for class in list(&tables["classes"]) {
        let name = text(&class["name"]);
        put(
            &mut index,
            format_args!("| [{name}]({name}.md) | {} |\n", text(&class["doc"])),
        );
        std::fs::write(folder.join(format!("{name}.md")), page(class))?;
    }
    index.push_str("\n## Errors\n\n| code | parameters | meaning |\n| --- | --- | --- |\n");
    for error in list(&tables["errors"]) {
        let cells = [
            code(text(&error["code"])),
            joined(&error["params"]),
            text(&error["doc"]).to_owned(),
        ];
        row(&mut index, &cells);
    }
    std::fs::write(folder.join("README.md"), index)?;
    println!("class reference written to {}", folder.display());
    Ok(())
}

fn page(class: &Json) -> String {
    let mut page = format!("# {}\n\n{}\n", text(&class["name"]), text(&class["doc"]));
    put(
        &mut page,
        format_args!("\nSince {}; {}.\n", text(&class["since"]), text(&class["lifecycle"])),
    );
    page.push_str("\n## Fields\n\n| field | type | access | meaning |\n| --- | --- | --- | --- |\n");
    for field in list(&class["fields"]).filter(|field| field["internal"] != true) {
        let cells = ["name", "type", "qualifier"].map(|member| code(text(&field[member])));
        row(&mut page, &[&cells[..], &[noted(field)]].concat());
    }
    page.push_str("\n## Messages\n\nEvery message takes a session first, but for those that say otherwise.\n\n");
    page.push_str("| message | parameters | result | lowest role | meaning |\n| --- | --- | --- | --- | --- |\n");
    for message in list(&class["messages"]).filter(|message| message["hidden"] != true) {
        row(&mut page, &message_cells(message));
    }
    for enumeration in list(&class["enums"]) {
        let values = joined(&enumeration["values"]);
        put(
            &mut page,
            format_args!("\n**{}**: {values}\n", text(&enumeration["name"])),
        );
    }
    page
}

fn message_cells(message: &Json) -> Vec<String> {
    let params = list(&message["params"]).map(|param| {
        let default = if param.get("default").is_some() {
            " (may be left out)"
        } else {
            ""
        };
        format!("{} {}{default}", code(text(&param["name"])), text(&param["type"]))
    });
    let mut meaning = noted(message);
    if message["session"] == false {
        meaning.push_str(" Takes no session.");
    }
    if message["async"] == true {
        meaning.push_str(" Also `Async.`");
    }
    if message.get("errors").is_some() {
        put(&mut meaning, format_args!(" Errors: {}.", joined(&message["errors"])));
    }
    vec![
        code(text(&message["name"])),
        params.collect::<Vec<_>>().join(", "),
        code(text(&message["result"])),
        text(&message["role"]).to_owned(),
        meaning,
    ]
}

/// The description, and its life where that is not the usual one.
fn noted(item: &Json) -> String {
    match text(&item["lifecycle"]) {
        "published" | "" => text(&item["doc"]).to_owned(),
        other => format!("*{other}.* {}", text(&item["doc"])),
    }
}

fn row(page: &mut String, cells: &[String]) {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    put(page, format_args!("| {} |\n", cells.join(" | ")));
}

/// Writing to a text cannot fail.
fn put(page: &mut String, what: std::fmt::Arguments<'_>) {
    let _ = page.write_fmt(what);
}

fn list(json: &Json) -> impl Iterator<Item = &Json> {
    json.as_array().into_iter().flatten()
}

fn text(json: &Json) -> &str {
    json.as_str().unwrap_or_default()
}

fn joined(names: &Json) -> String {
    list(names).map(|name| code(text(name))).collect::<Vec<_>>().join(", ")
}

fn code(text: &str) -> String {
    format!("`{text}`")
}
