//! The releases of the API, oldest first.

use crate::Release;

/// The version of the API these tables describe.
pub const API_VERSION: (i64, i64) = (2, 23);

/// The named releases. A `since` of later than these is a version number, as `24.16.0`.
pub fn releases() -> &'static [Release] {
    RELEASES
}

const fn release(
    code: Option<&'static str>,
    api_version: (i64, i64),
    branding: &'static str,
    date: Option<&'static str>,
) -> Release {
    Release {
        code,
        api_version,
        branding,
        date,
    }
}

#[rustfmt::skip]
static RELEASES: &[Release] = &[
    release(Some("rio"), (1, 1), "XenServer 4.0", Some("August 2007")),
    release(Some("miami"), (1, 2), "XenServer 4.1", Some("March 2008")),
    release(Some("symc"), (1, 2), "XenServer 4.1.1", Some("")),
    release(Some("orlando"), (1, 3), "XenServer 5.0", Some("September 2008")),
    release(Some("orlando-update-1"), (1, 3), "XenServer 5.0 Update 1", Some("")),
    release(None, (1, 4), "Unreleased", None),
    release(None, (1, 5), "XenServer 5.0 update 3", Some("September 2008")),
    release(Some("george"), (1, 6), "XenServer 5.5", Some("June 2009")),
    release(Some("midnight-ride"), (1, 7), "XenServer 5.6", Some("May 2010")),
    release(Some("cowley"), (1, 8), "XenServer 5.6 FP1", Some("December 2010")),
    release(Some("boston"), (1, 9), "XenServer 6.0", Some("September 2011")),
    release(Some("tampa"), (1, 10), "XenServer 6.1", Some("September 2012")),
    release(Some("clearwater"), (2, 0), "XenServer 6.2", Some("June 2013")),
    release(Some("vgpu-tech-preview"), (2, 0), "XenServer 6.2 SP1 Tech-Preview", Some("")),
    release(Some("vgpu-productisation"), (2, 1), "XenServer 6.2 SP1", Some("December 2013")),
    release(Some("clearwater-felton"), (2, 2), "XenServer 6.2 SP1 Hotfix 4", Some("April 2014")),
    release(Some("clearwater-whetstone"), (2, 2), "XenServer 6.2 SP1 Hotfix 11", Some("October 2014")),
    release(Some("creedence"), (2, 3), "XenServer 6.5", Some("January 2015")),
    release(Some("cream"), (2, 4), "XenServer 6.5 SP1", Some("May 2015")),
    release(Some("indigo"), (2, 4), "XenServer 6.5 SP1 Hotfix 31", Some("December 2015")),
    release(Some("dundee"), (2, 5), "XenServer 7.0", Some("May 2016")),
    release(Some("ely"), (2, 6), "XenServer 7.1", Some("February 2017")),
    release(Some("falcon"), (2, 7), "XenServer 7.2", Some("May 2017")),
    release(Some("inverness"), (2, 8), "XenServer 7.3", Some("December 2017")),
    release(Some("jura"), (2, 9), "XenServer 7.4", Some("February 2018")),
    release(Some("kolkata"), (2, 10), "XenServer 7.5", Some("May 2018")),
    release(Some("lima"), (2, 11), "XenServer 7.6", Some("September 2018")),
    release(Some("naples"), (2, 12), "Citrix Hypervisor 8.0", Some("March 2019")),
    release(Some("oslo"), (2, 13), "Unreleased", None),
    release(Some("quebec"), (2, 14), "Citrix Hypervisor 8.1", Some("December 2019")),
    release(Some("stockholm"), (2, 15), "Citrix Hypervisor 8.2", Some("June 2020")),
    release(Some("stockholm_psr"), (2, 15), "Citrix Hypervisor 8.2 Hotfix 2", Some("November 2020")),
    release(Some("nile-preview"), (2, 20), "XenServer 8 Preview", Some("August 2023")),
    release(Some("nile"), (2, 21), "XenServer 8", None),
    release(Some("orinoco"), (2, 23), "XenServer 9", None),
];
