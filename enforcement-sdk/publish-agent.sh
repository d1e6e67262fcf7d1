#!/usr/bin/env bash
# Compiles the agent ahead of time for a gateway: one program that needs no runtime, and beside it a file of symbols for who debugs it.
#
#   enforcement-sdk/publish-agent.sh RID [FOLDER]        RID is linux-x64 or linux-arm64; FOLDER is artifacts/agent/RID
#
# On Debian 12, x64, with the .NET 10 SDK:
#   linux-x64     apt-get install gcc libc6-dev zlib1g-dev
#   linux-arm64   dpkg --add-architecture arm64 && apt-get update
#                 apt-get install clang lld gcc-aarch64-linux-gnu libc6-dev-arm64-cross zlib1g-dev:arm64 libssl-dev:arm64
#
# Not linux-musl-x64 and linux-musl-arm64: for each of them .NET restores runtime.RID.Microsoft.DotNet.ILCompiler and Microsoft.NETCore.App.Runtime.NativeAOT.RID, and the NuGet registry that this builds against has neither (NU1101).
# Of linux-musl-arm64 it lacks Microsoft.NETCore.App.Runtime.RID, Microsoft.NETCore.App.Host.RID and Microsoft.AspNetCore.App.Runtime.RID as well. A gateway with the musl library has no agent from here.
set -euo pipefail

rid=${1:?"which machine? linux-x64 or linux-arm64"}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=${2:-"$here/../artifacts/agent/$rid"}

case "$(uname -m)/$rid" in
  x86_64/linux-arm64)
    # The linker of the build machine knows other machines only as lld; symbols are cut out by the other machine's objcopy.
    link=(-p:LinkerFlavor=lld -p:ObjCopyName=aarch64-linux-gnu-objcopy) ;;
  *)
    link=(-p:CppCompilerAndLinker=gcc) ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# A folder of its own for what is between, so that nobody's build is disturbed. Style is judged by the ordinary build. No lock files: they name what all machines need, and the compiler is of this one. The versions are those of Directory.Packages.props.
dotnet publish "$here/PolicyM2M.Agent" --configuration Release --runtime "$rid" --output "$work/out" --artifacts-path "$work/build" --nologo --verbosity quiet \
  -p:PublishAot=true -p:RestorePackagesWithLockFile=false -p:RestoreLockedMode=false -p:NuGetLockFilePath=none.lock.json -p:RunAnalyzers=false "${link[@]}"
mkdir -p "$out"
install -m 755 "$work/out/PolicyM2M.Agent" "$out/policym2m-agent"
install -m 644 "$work/out/PolicyM2M.Agent.dbg" "$out/policym2m-agent.dbg"
