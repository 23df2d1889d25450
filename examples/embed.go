package examples

import "embed"

// Scripts are the scripts of this folder; the interactive session offers them as tools.
//
//go:embed *.gt
var Scripts embed.FS
