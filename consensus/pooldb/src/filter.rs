//! The language of `get_all_where` (semantics.md §8): tokens, grammar, evaluation.
//!
//! `and` and `or` bind alike, left to right; `not` takes all that follows it. Both sides of `=` are compared as
//! database texts. Field names are the database's.

use crate::FilterError;
use crate::row::Row;
use crate::schema::ClassSchema;
use crate::table::State;
use crate::text::database_text;
use std::borrow::Cow;
use xenith_datamodel::Ref;

/// A parsed expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Filter(Expression);

/// `first op second op third ...`, left to right.
#[derive(Clone, Debug, PartialEq)]
struct Expression {
    first: Box<Term>,
    rest: Vec<(Operator, Term)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    And,
    Or,
}

#[derive(Clone, Debug, PartialEq)]
enum Term {
    Constant(bool),
    Not(Expression),
    Group(Expression),
    Equal(Operand, Operand),
}

#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Field(String),
    Text(String),
}

/// Parentheses and `not`s within each other: far more than a person writes, few enough for the stack.
const MAX_DEPTH: usize = 200;

impl Filter {
    pub fn parse(expression: &str) -> Result<Filter, FilterError> {
        let mut parser = Parser {
            tokens: tokens(expression)?,
            next: 0,
        };
        let parsed = parser.expression(0)?;
        if parser.next < parser.tokens.len() {
            return Err(parse_error());
        }
        Ok(Filter(parsed))
    }

    pub fn matches(&self, state: &State, class: &ClassSchema, reference: &Ref, row: &Row) -> Result<bool, FilterError> {
        Candidate {
            state,
            class,
            reference,
            row,
        }
        .holds(&self.0)
    }
}

/// The row that is asked about.
struct Candidate<'a> {
    state: &'a State,
    class: &'a ClassSchema,
    reference: &'a Ref,
    row: &'a Row,
}

impl Candidate<'_> {
    fn holds(&self, expression: &Expression) -> Result<bool, FilterError> {
        let mut holds = self.term(&expression.first)?;
        for (operator, term) in &expression.rest {
            // The right side is not looked at when the left one decides.
            holds = match operator {
                Operator::And => holds && self.term(term)?,
                Operator::Or => holds || self.term(term)?,
            };
        }
        Ok(holds)
    }

    fn term(&self, term: &Term) -> Result<bool, FilterError> {
        match term {
            Term::Constant(holds) => Ok(*holds),
            Term::Not(expression) => Ok(!self.holds(expression)?),
            Term::Group(expression) => self.holds(expression),
            Term::Equal(left, right) => Ok(self.text(left)? == self.text(right)?),
        }
    }

    fn text<'b>(&'b self, operand: &'b Operand) -> Result<Cow<'b, str>, FilterError> {
        let name = match operand {
            Operand::Text(text) => return Ok(Cow::Borrowed(text)),
            Operand::Field(name) => name,
        };
        if name == "_ref" {
            return Ok(Cow::Borrowed(self.reference.as_str()));
        }
        let Some(column) = self.class.id.column_by_db_name(name) else {
            return Err(FilterError::MissingField(name.clone()));
        };
        let index = usize::from(column.field);
        match self.row.body.values.get(index) {
            Some(stored) if !column.is_computed() => Ok(database_text(stored)),
            _ => {
                let value = self.state.value_in(self.class, self.row, self.reference, index);
                Ok(Cow::Owned(
                    value
                        .map(|value| database_text(&value).into_owned())
                        .unwrap_or_default(),
                ))
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    True,
    False,
    And,
    Or,
    Not,
    Field,
    Equal,
    Open,
    Close,
    Text(String),
}

const WORDS: [(&str, Token); 9] = [
    ("true", Token::True),
    ("false", Token::False),
    ("and", Token::And),
    ("or", Token::Or),
    ("not", Token::Not),
    ("field", Token::Field),
    ("=", Token::Equal),
    ("(", Token::Open),
    (")", Token::Close),
];

fn tokens(expression: &str) -> Result<Vec<Token>, FilterError> {
    let mut tokens = Vec::new();
    let mut rest = expression.trim_start_matches(BLANK);
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix('"') {
            let (text, after) = quoted.split_once('"').ok_or_else(lexing_error)?;
            tokens.push(Token::Text(text.to_string()));
            rest = after;
        } else {
            let word = WORDS
                .iter()
                .find_map(|(word, token)| Some((token, rest.strip_prefix(word)?)));
            let (token, after) = word.ok_or_else(lexing_error)?;
            tokens.push(token.clone());
            rest = after;
        }
        rest = rest.trim_start_matches(BLANK);
    }
    Ok(tokens)
}

const BLANK: [char; 4] = [' ', '\t', '\n', '\r'];

// The two texts are what clients of xapi get (golden cases generic.where_32 to 43).
fn lexing_error() -> FilterError {
    FilterError::Syntax("Failure(\"lexing: empty token\")".into())
}

fn parse_error() -> FilterError {
    FilterError::Syntax("Xapi_database.Db_filter_parse.MenhirBasics.Error".into())
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
}

impl Parser {
    fn expression(&mut self, depth: usize) -> Result<Expression, FilterError> {
        if depth > MAX_DEPTH {
            return Err(parse_error());
        }
        let first = Box::new(self.term(depth)?);
        let mut rest = Vec::new();
        loop {
            let operator = match self.tokens.get(self.next) {
                Some(Token::And) => Operator::And,
                Some(Token::Or) => Operator::Or,
                Some(_) | None => return Ok(Expression { first, rest }),
            };
            self.next += 1;
            rest.push((operator, self.term(depth)?));
        }
    }

    fn term(&mut self, depth: usize) -> Result<Term, FilterError> {
        match self.take()? {
            Token::True => Ok(Term::Constant(true)),
            Token::False => Ok(Term::Constant(false)),
            Token::Not => Ok(Term::Not(self.expression(depth + 1)?)),
            Token::Open => {
                let inner = self.expression(depth + 1)?;
                self.expect(Token::Close)?;
                Ok(Term::Group(inner))
            }
            Token::Text(text) => self.equal(Operand::Text(text)),
            Token::Field => {
                let left = self.field()?;
                self.equal(left)
            }
            Token::And | Token::Or | Token::Equal | Token::Close => Err(parse_error()),
        }
    }

    fn equal(&mut self, left: Operand) -> Result<Term, FilterError> {
        self.expect(Token::Equal)?;
        let right = match self.take()? {
            Token::Text(text) => Operand::Text(text),
            Token::Field => self.field()?,
            _ => return Err(parse_error()),
        };
        Ok(Term::Equal(left, right))
    }

    fn field(&mut self) -> Result<Operand, FilterError> {
        match self.take()? {
            Token::Text(name) => Ok(Operand::Field(name)),
            _ => Err(parse_error()),
        }
    }

    fn take(&mut self) -> Result<Token, FilterError> {
        let token = self.tokens.get(self.next).cloned().ok_or_else(parse_error)?;
        self.next += 1;
        Ok(token)
    }

    fn expect(&mut self, token: Token) -> Result<(), FilterError> {
        if self.take()? == token {
            Ok(())
        } else {
            Err(parse_error())
        }
    }
}
