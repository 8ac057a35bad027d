package cli

import (
	"errors"

	"nhctl/internal/cli/grammar"
)

func loadBPF(hook, file, section string, verbose bool) (int, string, error) {
	return 0, "", errors.New("no")
}
func (a *app) deleteExact(req *grammar.Request, args []string) error {
	return errors.New("not there yet")
}
func (a *app) routeFlush(args []string) error    { return errors.New("not there yet") }
func (a *app) routeSave(args []string) error     { return errors.New("not there yet") }
func (a *app) routeRestore(args []string) error  { return errors.New("not there yet") }
func (a *app) routeShowdump(args []string) error { return errors.New("not there yet") }
func (a *app) nexthopFlush(args []string) error  { return errors.New("not there yet") }
func (a *app) batch(file string) int             { a.note("-batch is not there yet"); return exitKernel }
