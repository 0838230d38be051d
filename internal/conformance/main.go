// Command conformance puts vector files to the library and counts what holds.
//
//	go run ./internal/conformance [-v] PATH...
//
// A path is a vector file or a folder of them; names that end in .gz are
// decompressed. It prints a line a group and a last one for all:
//
//	route/templates passed 812 known 0 failed 0 notbuilt 0
//	total passed 4123 known 12 failed 0 notbuilt 30
//
// and before the total a line for each known difference that was met, with how
// often and why. The exit status is 1 if a check failed or a file could not be
// read, 2 if none failed but something is not built, else 0. With -v every
// failure is shown with what was wanted and what came.
package main

import (
	"flag"
	"fmt"
	"os"
	"sort"

	"github.com/httptrigger/httptrigger/internal/conformance/hostvec"
	"github.com/httptrigger/httptrigger/internal/conformance/keysvec"
	"github.com/httptrigger/httptrigger/internal/conformance/routevec"
	"github.com/httptrigger/httptrigger/internal/conformance/triggervec"
	"github.com/httptrigger/httptrigger/internal/conformance/vec"
	"github.com/httptrigger/httptrigger/internal/conformance/webhookvec"
)

// runners has the runner of each kind of file.
var runners = map[vec.Kind]vec.Runner{
	vec.Host:    hostvec.Run,
	vec.Keys:    keysvec.Run,
	vec.Route:   routevec.Run,
	vec.Trigger: triggervec.Run,
	vec.Webhook: webhookvec.Run,
}

func main() {
	verbose := flag.Bool("v", false, "show each failure with want and got")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: conformance [-v] PATH...")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		os.Exit(1)
	}
	os.Exit(run(flag.Args(), *verbose))
}

func run(paths []string, verbose bool) int {
	files, err := vec.Load(paths...)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if len(files) == 0 {
		fmt.Fprintln(os.Stderr, "no vector files found")
		return 1
	}
	report := &vec.Report{}
	if verbose {
		report.Verbose = os.Stdout
	}
	broken := false
	for _, f := range files {
		runner, ok := runners[f.Kind]
		if !ok {
			report.NotBuilt(string(f.Kind), f.Path, "no runner for files of this kind")
			continue
		}
		if err := runner(report, f); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", f.Path, err)
			broken = true
		}
	}
	for _, g := range report.Groups() {
		fmt.Println(g, report.Group(g))
	}
	used := report.KnownUsed()
	keys := make([]string, 0, len(used))
	for k := range used {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		fmt.Printf("known %d %s: %s\n", used[k], k, vec.Known[k])
	}
	total := report.Total()
	fmt.Println("total", total)
	switch {
	case broken || total.Failed > 0:
		return 1
	case total.NotBuilt > 0:
		return 2
	}
	return 0
}
