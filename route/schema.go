package route

import (
	"math"

	"github.com/httptrigger/httptrigger/route/invariant"
)

// A Schema is the part of a JSON Schema, as OpenAPI 3.1 has it, that constraints
// can say. It encodes with encoding/json.
type Schema struct {
	Type      string   `json:"type"`                // "string", "integer", "number" or "boolean"
	Format    string   `json:"format,omitempty"`    // "int32", "uuid" and the like
	Minimum   *int64   `json:"minimum,omitempty"`   // inclusive
	Maximum   *int64   `json:"maximum,omitempty"`   // inclusive
	MinLength *int64   `json:"minLength,omitempty"` // inclusive
	MaxLength *int64   `json:"maxLength,omitempty"` // inclusive
	Pattern   string   `json:"pattern,omitempty"`
	Not       *Schema  `json:"not,omitempty"`
	AllOf     []Schema `json:"allOf,omitempty"` // further patterns
	Default   any      `json:"default,omitempty"`
}

// Schema returns what a client should send for the parameter, for an OpenAPI
// document. It says what the constraints say as far as JSON Schema can: a server
// takes some more spellings than that (" +5" for an integer, dates in many
// forms), lengths count UTF-16 code units here and characters there, and a
// regular expression ignores case only here. Constraints of one's own say
// nothing, and bounds of length nothing beside a number.
func (p *Param) Schema() *Schema {
	s := &Schema{Type: "string"}
	for i := range p.Constraints {
		s.add(&p.Constraints[i])
	}
	if s.Type != "string" {
		s.MinLength, s.MaxLength = nil, nil
	}
	if p.HasDefault {
		s.Default = s.value(p.Default)
	}
	return s
}

func (s *Schema) add(c *Constraint) {
	switch c.kind {
	case kindInt:
		s.Type, s.Format = "integer", "int32"
	case kindLong:
		s.integer()
	case kindMin, kindMax, kindRange:
		s.integer()
		raise(&s.Minimum, c.lo, math.MinInt64)
		lower(&s.Maximum, c.hi)
	case kindMinLength, kindMaxLength, kindLength:
		raise(&s.MinLength, c.lo, 0)
		lower(&s.MaxLength, c.hi)
	case kindRequired:
		raise(&s.MinLength, 1, 0)
	case kindBool:
		s.Type, s.Format = "boolean", ""
	case kindDecimal:
		s.Type, s.Format = "number", "decimal"
	case kindDouble:
		s.Type, s.Format = "number", "double"
	case kindFloat:
		s.Type, s.Format = "number", "float"
	case kindGUID:
		s.Format = "uuid"
	case kindDateTime:
		s.Format = "date-time"
	case kindAlpha:
		s.pattern("^[A-Za-z]*$")
	case kindRegex:
		s.pattern(c.args[0])
	case kindFile:
		s.pattern(filePattern)
	case kindNonFile:
		s.Not = &Schema{Type: "string", Pattern: filePattern}
	}
}

// filePattern is what the file constraint accepts.
const filePattern = `^(.*/)?[^./]*\.[^/]*[^./][^/]*$`

// integer makes the type an integer, of 64 bits unless it is one of 32.
func (s *Schema) integer() {
	if s.Type != "integer" {
		s.Type, s.Format = "integer", "int64"
	}
}

// pattern adds a pattern. A schema has one; more go into schemas of their own.
func (s *Schema) pattern(p string) {
	switch {
	case p == "":
	case s.Pattern == "":
		s.Pattern = p
	default:
		s.AllOf = append(s.AllOf, Schema{Type: "string", Pattern: p})
	}
}

// raise makes a lower bound at least n; none says nothing.
func raise(bound **int64, n, none int64) {
	if n > none && (*bound == nil || n > **bound) {
		*bound = &n
	}
}

// lower makes an upper bound at most n; the largest number says nothing.
func lower(bound **int64, n int64) {
	if n < math.MaxInt64 && (*bound == nil || n < **bound) {
		*bound = &n
	}
}

// value returns a default as a value of the schema's type, or as text if it is
// none.
func (s *Schema) value(text string) any {
	switch s.Type {
	case "integer":
		if n, err := invariant.Int(text, 64); err == nil {
			return n
		}
	case "number":
		f, err := invariant.Float(text, 64)
		if err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
			return f
		}
	case "boolean":
		if b, err := invariant.Bool(text); err == nil {
			return b
		}
	}
	return text
}
