package jsonc_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/internal/jsonc"
)

func TestParse(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain", `{"a":[1,-2.5e3,true,false,null,"x"]}`, `{"a":[1,-2.5e3,true,false,null,"x"]}`},
		{"spaces", " {\t\"a\" :\r\n1 } \n", `{"a":1}`},
		{"line comment", "// c\n{\"a\":1 // d\n} // e", `{"a":1}`},
		{"block comment", "/* { */{/**/\"a\"/*x*/:/*\n*/1/*y*/}", `{"a":1}`},
		{"trailing commas", `{"a":[1,2,],}`, `{"a":[1,2]}`},
		{"byte-order mark", "\ufeff{}", `{}`},
		{"empty", `{"":[],"b":{}}`, `{"":[],"b":{}}`},
		{"escapes", `"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"`, "\"\\\"\\\\/\\u0008\\u000c\\n\\r\\té😀\""},
		{"doubled name", `{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`},
		{"scalar", `7`, `7`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, err := jsonc.Parse([]byte(tt.in))
			if err != nil {
				t.Fatalf("Parse(%q): %v", tt.in, err)
			}
			if got := string(v.AppendJSON(nil)); got != tt.want {
				t.Errorf("Parse(%q) = %s, want %s", tt.in, got, tt.want)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct {
		in        string
		line, col int
		reason    string
	}{
		{"", 1, 1, "expected a value, found the end of the file"},
		{"  \n ", 2, 2, "expected a value, found the end of the file"},
		{`{"a":`, 1, 6, "expected a value, found the end of the file"},
		{`{`, 1, 1, "an object not closed"},
		{`{"a":1`, 1, 1, "an object not closed"},
		{`{"a":1,`, 1, 1, "an object not closed"},
		{"{\n \"a\" 1}", 2, 6, `expected a colon after the name "a", found '1'`},
		{"{\n \"é\": [1 2]}", 2, 10, `expected a comma or ']', found '2'`},
		{`{'a':1}`, 1, 2, `expected a name in double quotes, found '\''`},
		{`{a:1}`, 1, 2, `expected a name in double quotes, found 'a'`},
		{`{"a":'b'}`, 1, 6, `strings are written in double quotes`},
		{`{"a":yes}`, 1, 6, `"yes"`},
		{`[01]`, 1, 2, `"01" is not a number`},
		{`[1.]`, 1, 2, `"1." is not a number`},
		{`[-]`, 1, 2, `"-" is not a number`},
		{`[0x10]`, 1, 2, `"0x10" is not a number`},
		{`{,}`, 1, 2, `expected a name in double quotes, found ','`},
		{`[,]`, 1, 2, `expected a value, found ','`},
		{`{} x`, 1, 4, `'x' after the end of the document`},
		{`/* a`, 1, 1, "comment not closed"},
		{`"a`, 1, 1, "string not closed"},
		{"\"a\nb\"", 1, 3, `'\n' in a string`},
		{`"\x"`, 1, 2, `"\\x" is not an escape`},
		{`"\u12"`, 1, 2, "four hexadecimal digits"},
		{`"\ud83d"`, 1, 2, "half of a surrogate pair"},
		{"\"\xff\"", 1, 2, "0xff, which is not UTF-8"},
		{"\xff", 1, 1, "0xff, which is not UTF-8"},
		{strings.Repeat("[", 65), 1, 65, "nested deeper than 64 levels"},
	}
	for _, tt := range tests {
		_, err := jsonc.Parse([]byte(tt.in))
		var se *jsonc.SyntaxError
		if !errors.As(err, &se) {
			t.Errorf("Parse(%q): error %v, want a *SyntaxError", tt.in, err)
			continue
		}
		if se.Line != tt.line || se.Column != tt.col || !strings.Contains(se.Reason, tt.reason) {
			t.Errorf("Parse(%q) = %d:%d %s, want %d:%d %s", tt.in, se.Line, se.Column, se.Reason, tt.line, tt.col, tt.reason)
		}
	}
}

func TestDepth(t *testing.T) {
	in := []byte(strings.Repeat("[", jsonc.MaxDepth) + strings.Repeat("]", jsonc.MaxDepth))
	if _, err := jsonc.Parse(in); err != nil {
		t.Errorf("%d levels: %v, want none", jsonc.MaxDepth, err)
	}
}

func TestPositions(t *testing.T) {
	v, err := jsonc.Parse([]byte("{\n  \"a\": 1, \"é\": \"x\",\r\n  /* \n */ \"b\": [true]\n}"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]jsonc.Pos{
		"a": {Offset: 9, Line: 2, Column: 8},
		"é": {Offset: 18, Line: 2, Column: 16},
		"b": {Offset: 39, Line: 4, Column: 10},
	} {
		if got := v.Get(name).Pos; got != want {
			t.Errorf("position of %q = %+v, want %+v", name, got, want)
		}
	}
	if m := v.Members[2]; m.Pos.Line != 4 || m.Pos.Column != 5 {
		t.Errorf("position of the name b = %+v, want line 4, column 5", m.Pos)
	}
	if v.Get("missing") != nil || v.Get("a").Get("x") != nil {
		t.Error("Get of a missing member is not nil")
	}
}

// TestParseLenient has what JsonTextReader.cs takes; the first five inputs were
// put to the reference host.
func TestParseLenient(t *testing.T) {
	tests := []struct{ in, want string }{
		{"// c\n{/*x*/'version':'2.0', extensions:{http:{routePrefix:'p',},},}", `{"version":"2.0","extensions":{"http":{"routePrefix":"p"}}}`},
		{"/*c*/ {bindings:[{'type':'httpTrigger',},],} // end", `{"bindings":[{"type":"httpTrigger"}]}`},
		{"\ufeff{\"a\":1}", `{"a":1}`},
		{`{"a":1,"A":2}`, `{"a":1,"A":2}`},
		{`{}`, `{}`},
		{`{a:0x10,b:010,c:.5,d:-0x1}`, `{"a":16,"b":8,"c":0.5,"d":-1}`},
		{`{a:NaN,b:-Infinity}`, `{"a":"NaN","b":"-Infinity"}`},
		{"{a:'x\ny\\'\\z'}", ""},
		{"{a:'x\ny\\'\"'}", `{"a":"x\ny'\""}`},
		{`{a:[,1,],b:undefined,c:,}`, `{"a":[null,1],"b":null,"c":null}`},
		{`{a:"\ud83d"}`, "{\"a\":\"\ufffd\"}"},
		{`{a$_é1:12345678901234567890}`, `{"a$_é1":12345678901234567890}`},
		{"{\"a\":\"\xff\"}", "{\"a\":\"\ufffd\"}"},
		{"{\u00a0\"a\"\u2003: 1}", `{"a":1}`},
	}
	for _, tt := range tests {
		v, err := jsonc.ParseLenient([]byte(tt.in))
		if tt.want == "" {
			if err == nil {
				t.Errorf("ParseLenient(%q): no error", tt.in)
			}
			continue
		}
		if err != nil {
			t.Errorf("ParseLenient(%q): %v", tt.in, err)
			continue
		}
		if got := string(v.AppendJSON(nil)); got != tt.want {
			t.Errorf("ParseLenient(%q) = %s, want %s", tt.in, got, tt.want)
		}
	}
}

// TestParseLenientErrors has the words and places of JsonTextReader.cs; those
// marked were recorded on the reference host.
func TestParseLenientErrors(t *testing.T) {
	tests := []struct{ in, want string }{
		{``, "Error reading JObject from JsonReader. Path '', line 0, position 0."}, // recorded
		{"{\"version\":\"2.0\"} garbage", // recorded
			"Additional text encountered after finished reading JSON content: g. Path '', line 1, position 18."},
		{`{"bindings":[`, "Unexpected end of content while loading JObject. Path 'bindings', line 1, position 13."}, // recorded
		{`[]`, "Error reading JObject from JsonReader. Current JsonReader item is not an object: StartArray. Path '', line 1, position 1."},
		{`7`, "Error reading JObject from JsonReader. Current JsonReader item is not an object: Integer. Path '', line 1, position 1."},
		{`{`, "Unexpected end of content while loading JObject. Path '', line 1, position 1."},
		{`{ "version": `, "Unexpected end of content while loading JObject. Path 'version', line 1, position 13."},
		{`{"a":1`, "Unexpected end of content while loading JObject. Path 'a', line 1, position 6."},
		{`{ nope`, "Unexpected end while parsing unquoted property name. Path '', line 1, position 6."},
		{`{ nope }`, "Invalid character after parsing property name. Expected ':' but got: }. Path '', line 1, position 7."},
		{"{\n \"a\":[1,2 3]}", "After parsing a value an unexpected character was encountered: 3. Path 'a[1]', line 2, position 10."},
		{`{"a":{"b c":x}}`, "Unexpected character encountered while parsing value: x. Path 'a['b c']', line 1, position 12."},
		{`{"a":tru}`, "Error parsing boolean value. Path 'a', line 1, position 8."},
		{`{"a":"b`, `Unterminated string. Expected delimiter: ". Path 'a', line 1, position 7.`},
		{`{"a":1,,}`, "Invalid property identifier character: ,. Path 'a', line 1, position 7."},
		{`{"a":[1}`, "JsonToken EndObject is not valid for closing JsonType Array. Path 'a', line 1, position 8."},
		{`{"a":1.2.3}`, "Input string '1.2.3' is not a valid number. Path 'a', line 1, position 10."},
	}
	for _, tt := range tests {
		_, err := jsonc.ParseLenient([]byte(tt.in))
		var se *jsonc.SyntaxError
		if !errors.As(err, &se) {
			t.Errorf("ParseLenient(%q): error %v, want a *SyntaxError", tt.in, err)
			continue
		}
		if se.Reason != tt.want {
			t.Errorf("ParseLenient(%q)\n got %s\nwant %s", tt.in, se.Reason, tt.want)
		}
	}
}

// FuzzParse holds Parse against encoding/json: what is plain JSON without
// surrogate halves is read alike, and what Parse accepts prints as valid JSON.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,"x",null]}`, "// c\n{/*x*/'a':'b',}", `{"a":0x10}`, "\ufeff{}", `"\ud83d\ude00"`, `{a:[,]}`, "[1,/*", "{\"a\":\"\xff\"}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if v, err := jsonc.Parse(data); err == nil {
			check(t, v, data, jsonc.Parse)
		} else if plain(data) {
			t.Errorf("Parse(%q): %v, but it is plain JSON", data, err)
		}
		if v, err := jsonc.ParseLenient(data); err == nil {
			check(t, v, data, jsonc.ParseLenient)
		}
	})
}

// check prints a value, reads it again and looks at its places.
func check(t *testing.T, v *jsonc.Value, data []byte, parse func([]byte) (*jsonc.Value, error)) {
	out := v.AppendJSON(nil)
	if !json.Valid(out) {
		t.Fatalf("%q prints as %q, which is not JSON", data, out)
	}
	again, err := parse(out)
	if err != nil {
		t.Fatalf("%q prints as %q, which does not read: %v", data, out, err)
	}
	if twice := again.AppendJSON(nil); !bytes.Equal(out, twice) {
		t.Fatalf("%q prints as %q, then as %q", data, out, twice)
	}
	if v.Pos.Offset < 0 || v.Pos.Offset >= v.End.Offset || v.Pos.Line < 1 || v.Pos.Column < 1 {
		t.Fatalf("%q is at %+v to %+v", data, v.Pos, v.End)
	}
}

// plain reports whether data is JSON that Parse must take: valid, not too deep,
// valid UTF-8 and free of surrogate escapes.
func plain(data []byte) bool {
	depth, deepest := 0, 0
	for _, c := range data {
		switch c {
		case '[', '{':
			depth++
			deepest = max(deepest, depth)
		case ']', '}':
			depth--
		}
	}
	return json.Valid(data) && deepest <= jsonc.MaxDepth && bytes.Equal(data, bytes.ToValidUTF8(data, nil)) &&
		!bytes.Contains(bytes.ToLower(data), []byte(`\ud`))
}
