// Package invariant reads numbers, truth values, GUIDs, dates and times the way
// .NET reads them under its invariant culture.
//
//	n, err := invariant.Int(" +42 ", 32)          // 42
//	f, err := invariant.Float("1,234.5", 64)      // 1234.5
//	d, err := invariant.ParseDecimal("1.10")      // d.String() is "1.10"
//	t, err := invariant.ParseDateTime("6/15/2009 1:45 PM", now)
//
// The syntax differs from that of strconv, time and other packages in many
// small ways: white space around numbers is fine, thousands may be set apart, a
// date has no fixed layout. Each function says what it reads.
//
// "White" means U+0009 to U+000D and U+0020 in what follows; "Unicode white" is
// what [TrimSpace] trims.
//
// Functions return the bare [ErrFormat] or [ErrRange], without the text: callers
// know it, and often only want the verdict. ErrRange comes from [Int], [Uint] and
// [ParseDecimal] alone. None of them keeps state, all may be called concurrently,
// and none panics whatever the text. What is called the source is the class library
// of .NET.
//
// # Sources
//
// dotnet/runtime, src/libraries/System.Private.CoreLib/src/System:
// Number.Parsing.cs, Boolean.cs, Guid.cs, Globalization/DateTimeParse.cs and
// Globalization/DateTimeFormatInfo.cs, of .NET 10; checked against recorded
// answers of that release.
package invariant
