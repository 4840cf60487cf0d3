//! Reading a page of Markdown: its links, headings and blocks of code, with their lines.

use pulldown_cmark::{CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Page {
    /// Line and target.
    pub(super) links: Vec<(usize, String)>,
    pub(super) headings: Vec<Heading>,
    pub(super) blocks: Vec<Block>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Heading {
    pub(super) line: usize,
    pub(super) level: usize,
    pub(super) text: String,
}

/// A block of code between fences.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) line: usize,
    /// What stands behind the opening fence, such as `rust,no_run`.
    pub(super) info: String,
    pub(super) text: String,
}

impl Page {
    pub(super) fn read(text: &str) -> Self {
        let mut page = Self::default();
        let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_STRIKETHROUGH;
        let (mut heading, mut block) = (None, None);
        for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
            let line = text[..range.start].matches('\n').count() + 1;
            match event {
                Event::Start(
                    Tag::Link { link_type, dest_url, .. } | Tag::Image { link_type, dest_url, .. },
                ) if link_type != LinkType::Email => {
                    page.links.push((line, dest_url.into_string()));
                }
                Event::Start(Tag::Heading { level, .. }) => {
                    heading = Some(Heading { line, level: level as usize, text: String::new() });
                }
                Event::End(TagEnd::Heading(_)) => page.headings.extend(heading.take()),
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                    block = Some(Block { line, info: info.into_string(), text: String::new() });
                }
                Event::End(TagEnd::CodeBlock) => page.blocks.extend(block.take()),
                Event::Text(text) | Event::Code(text) => {
                    if let Some(heading) = &mut heading {
                        heading.text.push_str(&text);
                    } else if let Some(block) = &mut block {
                        block.text.push_str(&text);
                    }
                }
                _ => {}
            }
        }
        page
    }
}

impl Block {
    /// The lines of a block of shell commands, without the empty ones.
    pub(super) fn commands(&self) -> Option<Vec<&str>> {
        let shell = ["sh", "bash", "shell", "console"].contains(&self.info.trim());
        shell.then(|| self.text.lines().map(str::trim).filter(|line| !line.is_empty()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_headings_and_blocks_are_read() {
        let page = Page::read(
            "# The *first* `one`\n\n[a](b.md#c) and [d]\n\n[d]: e.md\n\n```sh\none\n\n two # x\n```\n\n`[no](link)`\n",
        );
        assert_eq!(page.links, [(3, "b.md#c".into()), (3, "e.md".into())]);
        assert_eq!(page.headings, [Heading { line: 1, level: 1, text: "The first one".into() }]);
        assert_eq!(page.blocks[0].line, 7);
        assert_eq!(page.blocks[0].commands(), Some(vec!["one", "two # x"]));
    }
}
