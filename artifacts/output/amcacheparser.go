package output

import (
	"io"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/execution"
)

// AmcacheParser writes one table for each kind of entry. Most columns bear the
// name of the value that they show, so that the key's own values fill them
// ([Options.Values]); without those the record's fields do, as far as they go.

var (
	amcacheFileHeader = []string{
		"ApplicationName", "ProgramId", "FileKeyLastWriteTimestamp", "SHA1", "IsOsComponent", "FullPath", "Name", "FileExtension",
		"LinkDate", "ProductName",
		"Size", "Version", "ProductVersion", "LongPathHash", "BinaryType", "IsPeFile", "BinFileVersion", "BinProductVersion", "Usn",
		"Language", "Description",
		"OriginalFileName",
	}
	amcacheOldFileHeader = []string{
		"ProgramName", "ProgramID", "VolumeID", "VolumeIDLastWriteTimestamp", "FileID", "FileIDLastWriteTimestamp", "SHA1", "FullPath",
		"FileExtension",
		"MFTEntryNumber", "MFTSequenceNumber", "FileSize", "FileVersionString", "FileVersionNumber", "FileDescription", "SizeOfImage",
		"PEHeaderHash",
		"PEHeaderChecksum", "BinProductVersion", "BinFileVersion", "LinkerVersion", "BinaryType", "IsLocal", "GuessProgramID", "Created",
		"LastModified",
		"LastModifiedStore", "LinkDate", "LanguageID", "ProductName", "CompanyName", "SwitchBackContext",
	}
	amcacheProgramHeader = []string{
		"ProgramId", "KeyLastWriteTimestamp", "Name", "Version", "Publisher", "InstallDate", "OSVersionAtInstallTime",
		"BundleManifestPath", "HiddenArp",
		"InboxModernApp", "Language", "ManifestPath", "MsiPackageCode", "MsiProductCode", "PackageFullName", "ProgramInstanceId",
		"RegistryKeyPath",
		"RootDirPath", "Type", "Source", "StoreAppType", "UninstallString", "InstallDateArpLastModified", "InstallDateMsi",
		"InstallDateFromLinkFile", "Manufacturer",
	}
	amcacheShortcutHeader = []string{"KeyName", "LnkName", "KeyLastWriteTimestamp"}
	amcacheDriverHeader   = []string{
		"KeyName", "KeyLastWriteTimestamp", "DriverTimeStamp", "DriverLastWriteTime", "DriverName", "DriverInBox", "DriverIsKernelMode",
		"DriverSigned",
		"DriverCheckSum", "DriverCompany", "DriverId", "DriverPackageStrongName", "DriverType", "DriverVersion", "ImageSize", "Inf",
		"Product", "ProductVersion",
		"Service", "WdfVersion",
	}
	amcacheContainerHeader = []string{
		"KeyName", "KeyLastWriteTimestamp", "Categories", "DiscoveryMethod", "FriendlyName", "Icon", "IsActive", "IsConnected",
		"IsMachineContainer",
		"IsNetworked", "IsPaired", "Manufacturer", "ModelId", "ModelName", "ModelNumber", "PrimaryCategory", "State",
	}
	amcachePackageHeader = []string{
		"KeyName", "KeyLastWriteTimestamp", "Date", "Class", "Directory", "DriverInBox", "Hwids", "Inf", "Provider", "SubmissionId",
		"SYSFILE", "Version",
	}
	amcachePnpHeader = []string{
		"KeyName", "KeyLastWriteTimestamp", "BusReportedDescription", "Class", "ClassGuid", "Compid", "ContainerId", "Description",
		"DriverId",
		"DriverPackageStrongName", "DriverName", "DriverVerDate", "DriverVerVersion", "Enumerator", "HWID", "Inf", "InstallState",
		"Manufacturer", "MatchingId",
		"Model", "ParentId", "ProblemCode", "Provider", "Service", "Stackid",
	}
)

// ezBools are the columns that the peer writes as True and False.
var ezBools = map[string]bool{
	"IsOsComponent": true, "IsPeFile": true, "HiddenArp": true, "InboxModernApp": true, "DriverInBox": true, "DriverIsKernelMode": true,
	"DriverSigned": true,
	"IsActive":     true, "IsConnected": true, "IsMachineContainer": true, "IsNetworked": true, "IsPaired": true, "IsLocal": true,
}

type amcacheParser struct{ *ezTables }

func newAmcacheParser(create func(string) (io.Writer, error), o *Options) RecordWriter {
	return &amcacheParser{newEZTables(create, o)}
}

func (a *amcacheParser) Record(r *artifacts.Record) error {
	switch r.Data.(type) {
	case execution.AmcacheFile, execution.AmcacheProgram, execution.AmcacheShortcut, execution.AmcacheDriver, execution.AmcacheDevice:
	default:
		return nil
	}
	if a.skip(r) {
		return nil
	}
	var values map[string]string
	if a.opts.Values != nil {
		values = a.opts.Values(r)
	}
	key := r.From.Key[strings.LastIndexByte(r.From.Key, '\\')+1:] // a name may hold slashes
	put := func(kind string, header []string, own map[string]string) error {
		t, err := a.table(ofHive(&r.From)+"_"+kind+".csv", header)
		if err != nil {
			return err
		}
		cells := make([]string, len(header))
		for i, h := range header {
			v, ok := own[h]
			if !ok {
				v = values[h]
			}
			if ezBools[h] && v != "" {
				v = ezBool(v == "1" || v == "True" || v == "yes" || v == "true")
			}
			cells[i] = v
		}
		return t.row(cells...)
	}
	switch d := r.Data.(type) {
	case execution.AmcacheFile:
		return a.file(r, &d, key, put)
	case execution.AmcacheProgram:
		own := map[string]string{"ProgramId": d.ID, "KeyLastWriteTimestamp": ezTime(d.Written)}
		fill(own, values, map[string]string{
			"Name": d.Name, "Version": d.Version, "Publisher": d.Publisher, "Source": d.Source, "UninstallString": d.Command,
			"PackageFullName":        d.Package,
			"OSVersionAtInstallTime": d.OS, "RootDirPath": strings.Join(d.Paths, "; "), "RegistryKeyPath": strings.Join(d.Uninstall, "; "),
		})
		own["InstallDate"] = ezTime(d.Installed)
		if d.Installed.IsZero() {
			own["InstallDate"] = d.InstalledAs
		}
		return put("ProgramEntries", amcacheProgramHeader, own)
	case execution.AmcacheShortcut:
		return put("ShortCuts", amcacheShortcutHeader,
			map[string]string{"KeyName": key, "LnkName": d.Path, "KeyLastWriteTimestamp": ezTime(d.Written)})
	case execution.AmcacheDriver:
		own := map[string]string{"KeyName": key, "KeyLastWriteTimestamp": ezTime(d.Written), "DriverLastWriteTime": ezTime(d.Modified),
			"DriverId": d.SHA1}
		fill(own, values, map[string]string{
			"DriverName": d.Name, "DriverInBox": d.InBox, "DriverIsKernelMode": d.KernelMode, "DriverSigned": d.Signed,
			"DriverCompany":           d.Company,
			"DriverPackageStrongName": d.Package, "DriverVersion": d.Version, "Inf": d.Inf, "Product": d.Product, "Service": d.Service,
			"ImageSize": number(d.Size), "DriverCheckSum": number(d.CheckSum), "DriverTimeStamp": number(d.TimeStamp),
		})
		return put("DriveBinaries", amcacheDriverHeader, own) // spelled so by the peer
	case execution.AmcacheDevice:
		own := map[string]string{"KeyName": key, "KeyLastWriteTimestamp": ezTime(d.Written)}
		fill(own, values, map[string]string{
			"Model": d.Model, "ModelName": d.Model, "FriendlyName": d.Name, "Manufacturer": d.Manufacturer, "Description": d.Description,
			"Class":   d.Class,
			"Service": d.Service, "DriverName": d.DriverName, "Inf": d.Inf, "Provider": d.Provider, "ParentId": d.Parent,
			"ContainerId": d.Container,
		})
		switch d.Kind {
		case "container":
			return put("DeviceContainers", amcacheContainerHeader, own)
		case "driver package":
			return put("DriverPackages", amcachePackageHeader, own)
		}
		return put("DevicePnps", amcachePnpHeader, own)
	}
	return nil
}

// fill takes the record's own fields where the key's values are not at hand.
func fill(own, values, fields map[string]string) {
	if values != nil {
		return
	}
	maps.Copy(own, fields)
}

func number(n uint64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10)
}

// file writes one program file: the old generation has a table of its own,
// the new one two, by whether an installed program owns the file.
func (a *amcacheParser) file(r *artifacts.Record, d *execution.AmcacheFile, key string,
	put func(string, []string, map[string]string) error) error {
	ext := ""
	if i := strings.LastIndexByte(d.Name, '.'); i >= 0 {
		ext = d.Name[i:]
	}
	linked := d.Linked
	if t := amcacheLink(d.Linked); t != "" {
		linked = t
	}
	kind, owner := "UnassociatedFileEntries", "Unassociated"
	if d.ProgramName != "" {
		kind, owner = "AssociatedFileEntries", d.ProgramName
	}
	if d.Generation == "A" {
		return put(kind, amcacheOldFileHeader, map[string]string{
			"ProgramName": owner, "ProgramID": d.ProgramID, "VolumeID": d.Volume, "FileID": key,
			"FileIDLastWriteTimestamp": ezTime(d.Written),
			"SHA1":                     d.SHA1, "FullPath": d.Path, "FileExtension": ext, "MFTEntryNumber": number(d.MFTEntry),
			"MFTSequenceNumber": number(d.MFTSequence),
			"FileSize":          number(d.Size), "FileVersionString": d.Version, "FileDescription": d.Description,
			"Created":      ezTime(d.Created),
			"LastModified": ezTime(d.Modified), "LinkDate": linked, "ProductName": d.Product, "CompanyName": d.Company,
		})
	}
	own := map[string]string{
		"ApplicationName": owner, "ProgramId": d.ProgramID, "FileKeyLastWriteTimestamp": ezTime(d.Written), "SHA1": d.SHA1,
		"FullPath":      d.Path,
		"FileExtension": ext, "LinkDate": linked, "Size": number(d.Size), "Usn": number(d.Usn), "IsOsComponent": ezBool(d.OSComponent),
		"Name":             d.Name,
		"OriginalFileName": d.OriginalName, "ProductName": d.Product, "Version": d.Version, "BinaryType": d.BinaryType,
	}
	if d.Description != "" {
		own["Description"] = d.Description
	}
	return put(kind, amcacheFileHeader, own)
}

// amcacheLink turns the American date of a link time into the tables' form.
func amcacheLink(s string) string {
	t, err := time.Parse("01/02/2006 15:04:05", s)
	if err != nil {
		return ""
	}
	return ezTime(t)
}
