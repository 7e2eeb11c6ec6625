#include "mooring/api/documents/type_signs.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/api/documents/document_type.h"

namespace mooring {
namespace {

using std::string_view_literals::operator""sv;

struct Kind {
  const char* name;
  std::string bytes;
};

std::string padded(std::string_view beginning, std::size_t size_bytes = 600) {
  std::string bytes(beginning);
  bytes.resize(std::max(size_bytes, bytes.size()), '\0');
  return bytes;
}

/// `bytes` at `offset`, among zeros.
std::string with(std::size_t offset, std::string_view bytes) {
  return std::string(offset, '\0') + padded(bytes);
}

/// Beginnings of files as programs write them; each is of a type that its bytes tell.
std::vector<Kind> picture_and_sound_kinds() {
  return {
      {"TIFF, little", padded("II*\0\x08\0\0\0"sv)},
      {"TIFF, big", padded("MM\0*\0\0\0\x08"sv)},
      {"Photoshop", padded("8BPS\0\1\0\0\0\0\0\0\0\3"sv)},
      {"icon", padded("\0\0\1\0\1\0\x10\x10\0\0\1\0\x20\0"sv)},
      {"HEIC", padded("\0\0\0\x18"
                      "ftypheic\0\0\0\0mif1heic"sv)},
      {"AVIF", padded("\0\0\0\x1c"
                      "ftypavif\0\0\0\0avifmif1"sv)},
      {"JPEG 2000", padded("\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14"
                           "ftypjp2 "sv)},
      {"DWG", padded("AC1032\0\0\0\0"sv)},
      {"DjVu", padded("AT&TFORM\0\0\1\0DJVU"sv)},
      {"DICOM", with(128, "DICM\2\0\0\0"sv)},
      {"MP4", padded("\0\0\0\x20"
                     "ftypisom\0\0\2\0isomiso2"sv)},
      {"QuickTime", padded("\0\0\0\x14"
                           "ftypqt  \0\0\0\0qt  "sv)},
      {"Matroska", padded("\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x1f\x42\x82\x88matroska"sv)},
      {"WebM", padded("\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm"sv)},
      {"AVI", padded("RIFF\x10\0\0\0AVI LIST"sv)},
      {"MPEG film", padded("\0\0\1\xba\x44\0\4\0"sv)},
      {"Flash film", padded("FLV\1\5\0\0\0\x09"sv)},
      {"WAV", padded("RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0"sv)},
      {"MP3 with tags", padded("ID3\3\0\0\0\0\x0f\x76TIT2"sv)},
      {"MP3", padded("\xff\xfb\x90\x64\0\0\0\0"sv)},
      {"Ogg", padded("OggS\0\2\0\0\0\0\0\0\0\0\x01vorbis"sv)},
      {"FLAC", padded("fLaC\0\0\0\x22\x10\0\x10\0"sv)},
      {"MIDI", padded("MThd\0\0\0\6\0\1\0\2"sv)},
  };
}

std::vector<Kind> other_binary_kinds() {
  return {
      {"ZIP", padded("PK\3\4\x14\0\0\0\x08\0\0\0\0\0"sv)},
      {"empty ZIP", padded("PK\5\6\0\0\0\0\0\0"sv, 22)},
      {"gzip", padded("\x1f\x8b\x08\0\0\0\0\0\0\3"sv)},
      {"bzip2", padded("BZh91AY&SY\0\0"sv)},
      {"xz", padded("\xfd\x37zXZ\0\0\4\xe6\xd6\xb4\x46"sv)},
      {"Zstandard", padded("\x28\xb5\x2f\xfd\x04\x58\x89\0"sv)},
      {"LZ4", padded("\x04\x22\x4d\x18\x64\x40\xa7"sv)},
      {"7z", padded("7z\xbc\xaf\x27\x1c\0\4"sv)},
      {"RAR 4", padded("Rar!\x1a\7\0\xcf\x90\x73"sv)},
      {"RAR 5", padded("Rar!\x1a\7\1\0\x33\x92"sv)},
      {"cabinet", padded("MSCF\0\0\0\0\x49\x01\0\0"sv)},
      {"ar", padded("!<arch>\ndebian-binary   \0"sv)},
      {"RPM", padded("\xed\xab\xee\xdb\3\0\0\0"sv)},
      {"ISO 9660", with(32'769, "CD001\1\0"sv)},
      {"Office before 2007", padded("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0\0\0"sv)},
      {"SQLite", padded("SQLite format 3\0\x10\0\1\1"sv)},
      {"Access", padded("\0\1\0\0Standard Jet DB\0\1"sv)},
      {"Outlook", padded("!BDN\x4b\x38\x11\x3a"sv)},
      {"HDF5", padded("\x89HDF\r\n\x1a\n\0\0"sv)},
      {"NetCDF", padded("CDF\1\0\0\0\0"sv)},
      {"Mobipocket", with(60, "BOOKMOBI\0\0"sv)},
      {"help", padded("ITSF\3\0\0\0\x60\0\0\0\1\0\0\0"sv)},
      {"ELF", padded("\x7f"
                     "ELF\2\1\1\0"sv)},
      {"PE", padded("MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff"sv)},
      {"Mach-O", padded("\xcf\xfa\xed\xfe\7\0\0\1"sv)},
      {"Java class", padded("\xca\xfe\xba\xbe\0\0\0\x34\0\x1d"sv)},
      {"WebAssembly", padded("\0asm\1\0\0\0"sv)},
      {"WOFF", padded("wOFF\0\1\0\0\0\0"sv)},
      {"WOFF2", padded("wOF2\0\1\0\0\0\0"sv)},
      {"TrueType", padded("\0\1\0\0\0\x0f\0\x80\0\3\0\x70"
                          "FFTM"sv)},
      {"OpenType", padded("OTTO\0\x0b\0\x80\0\3\0\x30"sv)},
      {"pcap", padded("\xd4\xc3\xb2\xa1\2\0\4\0"sv)},
      {"PGP keys", padded("\x99\x01\x0d\4\x5b\x91\x6f\x52\1\x08"sv)},
      {"glTF", padded("glTF\2\0\0\0"sv)},
      {"Blender", padded("BLENDER-v279\0"sv)},
      {"DVI", padded("\xf7\2\1\x83\x92\xc0\x1c\x3b\0\0"sv)},
      {"TNEF", padded("\x78\x9f\x3e\x22\1\0"sv)},
      {"metafile", padded("\xd7\xcd\xc6\x9a\0\0\0\0"sv)},
  };
}

std::string tar() {
  std::string bytes = padded("readme.txt"sv, 512);
  bytes.replace(100, 7, "0000644");
  bytes.replace(124, 11, "00000000003");
  bytes.replace(148, 8, "        ");
  bytes[156] = '0';
  bytes.replace(257, 8, "ustar\00000"sv);
  unsigned sum = 0;
  for (const char c : bytes) sum += static_cast<unsigned char>(c);
  char text[8];
  std::snprintf(text, sizeof text, "%06o", sum);
  bytes.replace(148, 8, std::string_view(text, 8));
  return bytes + padded("abc", 512);
}

std::vector<Kind> text_kinds() {
  return {
      {"HTML", "<!DOCTYPE html>\n<html><head><title>x</title></head></html>\n"},
      {"HTML after words", "Words first.\n  <html><body>then a page</body></html>\n"},
      {"XML", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a/>\n"},
      {"SVG", "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1\"/>\n"},
      {"JSON", "{\"name\": [1, 2, 3]}\n"},
      {"JSON, a list", "[1, 2, {\"a\": null}]\n"},
      {"RTF", "{\\rtf1\\ansi words}\n"},
      {"PostScript", "%!PS-Adobe-3.0\n%%BoundingBox: 0 0 1 1\n"},
      {"shell", "#!/bin/sh\necho hello\n"},
      {"Python", "import os as o\nfrom sys import argv\n\ndef main():\n    pass\n"},
      {"C", "/* words */\n#include <stdio.h>\nint main(void) { return 0; }\n"},
      {"Java", "package a.b;\nimport java.util.List;\npublic class A {}\n"},
      {"Ruby", "require 'json'\nclass A\n  def b\n  end\nend\n"},
      {"PHP", "<?php echo 1;\n"},
      {"Perl", "#!/usr/bin/perl\nuse strict;\n"},
      {"JavaScript", "'use strict';\nconst a = require('b');\n"},
      {"TeX", "\\documentclass{article}\n\\begin{document}\n"},
      {"makefile", "CFLAGS = -O2\nall: a\n"},
      {"diff", "diff -u a b\n--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n"},
      {"troff", ".TH NAME 1\n.SH NAME\n"},
      {"assembler", "  .globl main\nmain:\n  .text\n"},
      {"Lisp", "(defun a (b) b)\n"},
      {"mail", "Received: from a by b; Mon, 1 Jan 2024 00:00:00 +0000\nFrom: a@b.c\n\nwords\n"},
      {"mbox", "From a@b.c Mon Jan  1 00:00:00 2024\nSubject: x\n\nwords\n"},
      {"calendar", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"},
      {"card", "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nEND:VCARD\r\n"},
      {"WebVTT", "WEBVTT\n\n00:01.000 --> 00:02.000\nwords\n"},
      {"SubRip", "1\n00:00:01,000 --> 00:00:02,000\nwords\n\n"},
      {"PGP message", "-----BEGIN PGP MESSAGE-----\n\nhQ\n-----END PGP MESSAGE-----\n"},
      {"PGP key", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ\n"},
      {"PEM", "-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----\n"},
      {"CSV", "a,b,c\n1,2,3\n4,5,6\n7,8,9\n"},
      {"PO", "msgid \"\"\nmsgstr \"\"\n\nmsgid \"a\"\nmsgstr \"b\"\n"},
      {"settings", "[Desktop Entry]\nName=x\n"},
      {"shortcut", "[InternetShortcut]\r\nURL=http://a.b/\r\n"},
      {"registry", "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_A]\r\n"},
      {"DXF", "  0\nSECTION\n  2\nHEADER\n  9\n$ACADVER\n  1\nAC1015\n"},
      {"batch", "@echo off\r\nrem words\r\n"},
      {"portable pixmap", "P3\n1 1\n255\n0 0 0\n"},
      {"VRML", "#VRML V2.0 utf8\n"},
      {"UTF-16", std::string("\xff\xfe"
                             "a\0b\0c\0\n\0"sv)},
      {"protein", "HEADER    HYDROLASE                               01-JAN-00   1ABC\n"},
      {"FITS", padded("SIMPLE  =                    T / words", 80)},
      {"torrent", "d8:announce3:a.be"},
      {"tar", tar()},
  };
}

/// Sent without, with a vague, a modest, a precise and a false type.
const std::vector<std::optional<std::string>> kDeclared = {
    std::nullopt,      "application/octet-stream", "text/plain", "text/csv; charset=utf-8",
    "model/step",      "application/vnd.ms-excel", "image/png",  "text/html",
    "application/pdf", "application/zip",          "nonsense",   "multipart/form-data"};

/// What all were told by before signs were looked for first.
std::string by_libmagic(Bytes bytes, const std::optional<std::string>& declared) {
  return document_media_type(detect_media_type(bytes), declared);
}

void expect_no_difference(const Kind& kind) {
  const Bytes bytes = as_bytes(std::string_view(kind.bytes));
  for (const auto& declared : kDeclared) {
    const auto obvious = obvious_media_type(bytes, declared);
    if (obvious)
      EXPECT_EQ(*obvious, by_libmagic(bytes, declared))
          << kind.name << " as " << declared.value_or("");
  }
}

TEST(TypeSigns, FilesWhoseBytesTellTheirTypeShowThem) {
  for (const auto& kinds : {picture_and_sound_kinds(), other_binary_kinds(), text_kinds()})
    for (const Kind& kind : kinds)
      EXPECT_TRUE(shows_type_signs(as_bytes(std::string_view(kind.bytes)))) << kind.name;
}

TEST(TypeSigns, ProseAndNumbersShowNone) {
  for (std::string_view text :
       {"just some words, more or less\n"sv,
        "Maintenance of the press (twice a year): see page 12; oil, grease.\n\n"
        "- check the valve\n- close it \"slowly\"\n"sv,
        "\xef\xbb\xbfWartung der Pr\xc3\xa4sse, St\xc3\xbc"
        "ck f\xc3\xbcr St\xc3\xbc"
        "ck\r\n"sv,
        "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d\n"sv,
        "1 2 3 4 5\n6 7 8 9 10\n"sv, "\n\n                \n"sv})
    EXPECT_FALSE(shows_type_signs(as_bytes(text))) << text;
  EXPECT_FALSE(
      shows_type_signs(as_bytes("\x91\2\3\4\5\6\7\x0e\x0f\x10\x11\x12\x13\x14\x15\x16"sv)));
  for (std::string_view brief : {""sv, "a"sv, "fifteen bytes.."sv})
    EXPECT_TRUE(shows_type_signs(as_bytes(brief))) << brief;
}

TEST(TypeSigns, OnlyTheBeginningOfATextIsSearched) {
  std::string text(kSignBytes, 'a');
  EXPECT_FALSE(shows_type_signs(as_bytes(std::string_view(text + "<html>"))));
  text.replace(kSignBytes - 6, 6, "<html>");
  EXPECT_TRUE(shows_type_signs(as_bytes(std::string_view(text))));
}

TEST(ObviousType, DiffersFromLibmagicForNoKindOfFile) {
  for (const auto& kinds : {picture_and_sound_kinds(), other_binary_kinds(), text_kinds()})
    for (const Kind& kind : kinds) expect_no_difference(kind);
}

/// Cut anywhere, a file still shows its type or libmagic does not know it either.
TEST(ObviousType, DiffersFromLibmagicForNoCutFile) {
  for (const auto& kinds : {picture_and_sound_kinds(), other_binary_kinds(), text_kinds()})
    for (const Kind& kind : kinds)
      for (std::size_t size = 1; size < std::min<std::size_t>(kind.bytes.size(), 40); ++size)
        expect_no_difference({kind.name, kind.bytes.substr(0, size)});
}

TEST(ObviousType, SignaturesNeedNeitherLibmagicNorADeclaration) {
  for (const auto& declared : kDeclared) {
    EXPECT_EQ(obvious_media_type(as_bytes("%PDF-1.7\n"), declared), "application/pdf");
    EXPECT_EQ(obvious_media_type(as_bytes("\x89PNG\r\n\x1a\n....."), declared), "image/png");
  }
}

TEST(ObviousType, ADeclaredTypeIsEnoughOnlyWhereItIsBelievedAndBytesShowNothing) {
  const Bytes prose = as_bytes("just some words, more or less\n");
  EXPECT_EQ(obvious_media_type(prose, "Text/Plain; charset=utf-8"), "text/plain");
  EXPECT_EQ(obvious_media_type(prose, "model/step"), "model/step");
  EXPECT_EQ(obvious_media_type(as_bytes("<html><p>words</p></html>"), "text/plain"), std::nullopt);
  for (const char* vague :
       {"image/png", "image/svg+xml", "application/pdf", "text/html", "video/mp4",
        "application/zip", "application/octet-stream", "multipart/form-data", "nonsense", ""})
    EXPECT_EQ(obvious_media_type(prose, vague), std::nullopt) << vague;
  EXPECT_EQ(obvious_media_type(prose, std::nullopt), std::nullopt);
}

}  // namespace
}  // namespace mooring
